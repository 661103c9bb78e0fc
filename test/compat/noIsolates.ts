/** In place of the isolates that newer versions evaluate expressions in: this one has none. */
export class IsolatedVmBridge {}

export class ExpressionEvaluator {
	async initialize(): Promise<void> {}
}

export const expressionSandboxHooks = {};
