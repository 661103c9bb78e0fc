/** Replaces the isolates in which newer versions evaluate expressions: this version has none. */
export class IsolatedVmBridge {}

export class ExpressionEvaluator {
	async initialize(): Promise<void> {}
}

export const expressionSandboxHooks = {};
