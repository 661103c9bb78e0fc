import type {
	IDataObject,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	JsonObject,
	IPollFunctions,
} from 'n8n-workflow';
import { NodeApiError, NodeConnectionTypes } from 'n8n-workflow';

/** Counts its polls in its static data and emits those that the server says are `loud`. */
export class ProbeTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Probe Trigger',
		name: 'probeTrigger',
		group: ['trigger'],
		version: 1,
		description: 'Counts its polls',
		defaults: { name: 'Probe Trigger' },
		polling: true,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'probeApi', required: true }],
		properties: [],
	};

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const data = this.getWorkflowStaticData('node');
		const { url } = await this.getCredentials<{ url: string }>('probeApi');
		data.polls = Number(data.polls ?? 0) + 1;
		try {
			const answer = (await this.helpers.httpRequestWithAuthentication.call(this, 'probeApi', {
				url: `${url}/poll`,
			})) as IDataObject;
			if (!answer.loud) return null;
		} catch (error) {
			throw new NodeApiError(this.getNode(), error as JsonObject);
		}
		const json = {
			polls: data.polls,
			mode: this.getMode(),
			activation: this.getActivationMode(),
		};
		return [[{ json }]];
	}
}
