import type { ICredentialDataDecryptedObject, IExecuteFunctions } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../../credentials/OpenAiBatchApi.credentials';
import { HttpClient } from '../../../nodes/openai/http/httpClient';
import type { OpenAiClient, ClientOptions } from '../../../nodes/openai/client';
import { deferred } from './deferred';
import { createEngine } from '../../support/engine';
import { inspectingNode, type Inspection } from '../../support/engine/Inspector.node';

/** The client inside of an executing node: n8n's own context, credentials and HTTP helper. */
export async function startClientNode(credential: ICredentialDataDecryptedObject) {
	let task: Inspection = async () => {};
	const node = inspectingNode(
		async (context) => await task(context),
		[{ name: 'openAiBatchApi', required: true }],
	);
	const engine = await createEngine({
		nodes: { client: node },
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
