// First: n8n reads its environment while it loads.
import { atEnd } from './environment';
import { ExpressionEvaluator, IsolatedVmBridge } from '@n8n/expression-runtime';
import { Expression, LoggerProxy } from 'n8n-workflow';
import { expressionSandboxHooks } from 'n8n-workflow/dist/cjs/expression-sandboxing';

/** `vm` (an isolate) is what n8n 2.41 runs by default; `legacy` evaluates in the process. */
export type ExpressionEngine = 'vm' | 'legacy';

/**
 * Does what `Expression.initExpressionEngine` does with n8n's default settings. That function
 * itself loads the runtime with `import()`, which jest refuses outside of ES modules.
 */
async function startIsolates(): Promise<void> {
	const evaluator = new ExpressionEvaluator({
		createBridge: () =>
			new IsolatedVmBridge({ timeout: 5_000, memoryLimit: 128, logger: LoggerProxy }),
		maxCodeCacheSize: 1_024,
		poolSize: 1,
		hooks: expressionSandboxHooks,
		logger: LoggerProxy,
	});
	await evaluator.initialize();
	Object.assign(Expression, { vmEvaluator: evaluator });
	atEnd(async () => await Expression.disposeExpressionEngine());
}

let isolates: Promise<void> | undefined;

/** Chooses the engine for all expressions of this process, as n8n does at its start. */
export async function useExpressionEngine(engine: ExpressionEngine): Promise<void> {
	if (engine === 'vm') await (isolates ??= startIsolates());
	Expression.setExpressionEngine(engine);
}
