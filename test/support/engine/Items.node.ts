import type { IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';

/** The start of every harness workflow: returns the items that it was started with. */
export class Items implements INodeType {
	description = {
		displayName: 'Items',
		name: 'items',
		group: ['trigger' as const],
		version: 1,
		description: 'Starts a test workflow with given items',
		defaults: { name: 'Items' },
		inputs: [],
		outputs: ['main' as const],
		properties: [],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [this.getInputData()];
	}
}
