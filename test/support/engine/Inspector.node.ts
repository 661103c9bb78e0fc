import type {
	IExecuteFunctions,
	INodeCredentialDescription,
	INodeExecutionData,
	INodeType,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

/** What a test does inside of an executing node. */
export type Inspection = (context: IExecuteFunctions) => void | Promise<void>;

/**
 * A node class that runs `inspect` with its real context and passes its items on; for tests of code
 * that takes a context, or that needs credentials.
 */
export const inspectingNode = (
	inspect: Inspection,
	credentials: INodeCredentialDescription[] = [],
) =>
	class Inspector implements INodeType {
		description = {
			displayName: 'Inspector',
			name: 'inspector',
			group: ['transform' as const],
			version: 1,
			description: 'Lets a test look at the context of a node',
			defaults: { name: 'Inspector' },
			inputs: [NodeConnectionTypes.Main],
			outputs: [NodeConnectionTypes.Main],
			credentials,
			properties: [
				{ displayName: 'Text', name: 'text', type: 'string' as const, default: '' },
				{
					displayName: 'Texts',
					name: 'texts',
					type: 'string' as const,
					typeOptions: { multipleValues: true },
					default: [],
				},
				{
					displayName: 'Options',
					name: 'options',
					type: 'collection' as const,
					default: {},
					options: [
						{ displayName: 'Name', name: 'name', type: 'string' as const, default: '' },
						{ displayName: 'Size', name: 'size', type: 'number' as const, default: 1 },
					],
				},
				{
					displayName: 'Metadata',
					name: 'metadata',
					type: 'fixedCollection' as const,
					typeOptions: { multipleValues: true },
					default: {},
					options: [
						{
							displayName: 'Pairs',
							name: 'pairs',
							values: [
								{ displayName: 'Key', name: 'key', type: 'string' as const, default: '' },
								{ displayName: 'Value', name: 'value', type: 'string' as const, default: '' },
							],
						},
					],
				},
				{
					displayName: 'Batch',
					name: 'batchId',
					type: 'resourceLocator' as const,
					default: { mode: 'id', value: '' },
					modes: [
						{ displayName: 'By ID', name: 'id', type: 'string' as const },
						{
							displayName: 'By URL',
							name: 'url',
							type: 'string' as const,
							extractValue: { type: 'regex' as const, regex: '/batches/(\\w+)' },
						},
					],
				},
			],
		};

		async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
			await inspect(this);
			return [this.getInputData()];
		}
	};
