import type {
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../../credentials/OpenAiBatchApi.credentials';
import { HttpClient } from '../../../nodes/openai/http/httpClient';
import type { OpenAiClient, ClientOptions } from '../../../nodes/openai/client';
import { deferred } from './deferred';
import { createEngine } from '../../support/engine';

type Task = (context: IExecuteFunctions) => Promise<void>;

/** The client inside of an executing node: n8n's own context, credentials and HTTP helper. */
export async function startClientNode(credential: ICredentialDataDecryptedObject) {
	let task: Task = async () => {};
	class ClientNode implements INodeType {
		description = {
			displayName: 'Client',
			name: 'client',
			group: ['transform' as const],
			version: 1,
			description: 'Runs what a test does with the client',
			defaults: { name: 'Client' },
			inputs: [NodeConnectionTypes.Main],
			outputs: [NodeConnectionTypes.Main],
			credentials: [{ name: 'openAiBatchApi', required: true }],
			properties: [],
		};

		async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
			await task(this);
			return [this.getInputData()];
		}
	}
	const engine = await createEngine({
		nodes: { client: ClientNode },
		credentials: [OpenAiBatchApi],
		credentialData: { openAiBatchApi: credential },
	});

	/** Starts an execution whose node does `run`; `outcome` is what that gives or throws. */
	function start<T>(
		run: (client: OpenAiClient, context: IExecuteFunctions) => Promise<T>,
		options: ClientOptions = {},
		changes: ICredentialDataDecryptedObject = {},
	) {
		const { promise, resolve, reject } = deferred<T>();
		task = async (context) => {
			await run(new HttpClient(context, options), context).then(resolve, reject);
		};
		const execution = engine.startNode('client', {}, [{}], {
			credentialData: { openAiBatchApi: { ...credential, ...changes } },
		});
		const outcome = Promise.race([
			promise,
			execution.finished.then(({ error }) => {
				if (error) throw error;
				return promise;
			}),
		]);
		return { cancel: execution.cancel, outcome };
	}

	return {
		engine,
		start,
		run: async <T>(...args: Parameters<typeof start<T>>): Promise<T> =>
			await start<T>(...args).outcome,
	};
}

export type ClientNode = Awaited<ReturnType<typeof startClientNode>>;
