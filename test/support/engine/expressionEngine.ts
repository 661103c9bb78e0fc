// First: n8n reads its environment while it loads.
import { atEnd } from './environment';
import { ExpressionEvaluator, IsolatedVmBridge } from '@n8n/expression-runtime';
import { Expression, LoggerProxy } from 'n8n-workflow';
import { expressionSandboxHooks } from 'n8n-workflow/dist/cjs/expression-sandboxing';

/** `vm` (an isolate) is what n8n 2.41 runs by default; `legacy` evaluates in the process. */
export type ExpressionEngine = 'vm' | 'legacy';

/**
 * An isolate that goes from execution to execution. n8n makes a new one for each, which takes longer
 * than most executions of a test; either way nothing stays in it from one evaluation to the next.
 */
class ReusedIsolate extends IsolatedVmBridge {
	private static readonly idle: ReusedIsolate[] = [];

	static take(): ReusedIsolate {
		const limits = { timeout: 5_000, memoryLimit: 128, logger: LoggerProxy };
		return ReusedIsolate.idle.pop() ?? new ReusedIsolate(limits);
	}

	static async endAll(): Promise<void> {
		for (const isolate of ReusedIsolate.idle.splice(0)) await isolate.end();
	}

	override async dispose(): Promise<void> {
		if (!this.isDisposed()) ReusedIsolate.idle.push(this);
	}

	private async end(): Promise<void> {
		await super.dispose();
	}
}

/**
 * Does what `Expression.initExpressionEngine` does with n8n's default settings. That function
 * itself loads the runtime with `import()`, which jest refuses outside of ES modules.
 */
async function startIsolates(): Promise<void> {
	const evaluator = new ExpressionEvaluator({
		createBridge: () => ReusedIsolate.take(),
		maxCodeCacheSize: 1_024,
		poolSize: 1,
		hooks: expressionSandboxHooks,
		logger: LoggerProxy,
	});
	await evaluator.initialize();
	Object.assign(Expression, { vmEvaluator: evaluator });
	atEnd(async () => {
		await Expression.disposeExpressionEngine();
		await ReusedIsolate.endAll();
	});
}

let isolates: Promise<void> | undefined;

/** Chooses the engine for all expressions of this process, as n8n does at its start. */
export async function useExpressionEngine(engine: ExpressionEngine): Promise<void> {
	if (engine === 'vm') await (isolates ??= startIsolates());
	Expression.setExpressionEngine(engine);
}
