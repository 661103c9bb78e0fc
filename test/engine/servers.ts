import type { IDataObject } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatchTrigger } from '../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import type { Dialect, DialectName, EmulatorOptions } from '../support/emulator';
import { DIALECTS } from '../support/emulator';
import { createEngine, type PollOutcome } from '../support/engine';
import { CREDENTIAL, jsonOf, startProduct } from './product';

/** A batch of these tests takes 80 seconds. */
const TIMING = { validating: 10_000, in_progress: 60_000, finalizing: 10_000, cancelling: 10_000 };

/** Longer than a batch takes, in milliseconds. */
export const A_WHILE = 100_000;

/** The path of chat completions at a server, as the server spells it: like OpenAI where it can. */
export function chatPath({ rules }: Dialect): string {
	const paths = Object.keys(rules.endpoints).filter((path) => path.endsWith('/chat/completions'));
	return paths.find((path) => path === '/v1/chat/completions') ?? paths[0];
}

/** The first of these windows that the server takes. */
export function completionWindow({ rules }: Dialect): string {
	const takes = (window: string) => {
		try {
			return rules.window(window) === window;
		} catch {
			return false;
		}
	};
	return ['24h', '48h'].find(takes)!;
}

/** What a user enters to submit a prompt for each row, with an endpoint of the list or another. */
export function submitParameters(dialect: Dialect, options: IDataObject = {}) {
	const path = chatPath(dialect);
	const isListed = path === '/v1/chat/completions';
	const content = isListed
		? { requestSource: 'fields', model: 'gpt-6-luna', prompt: '={{ $json.text }}' }
		: {
				requestSource: 'json',
				body: '={{ { model: "gpt-6-luna", messages: [{ role: "user", content: $json.text }] } }}',
			};
	return {
		...(isListed ? { endpoint: path } : { endpoint: 'other', otherEndpoint: path }),
		...content,
		customId: '={{ $json.id }}',
		options: { completionWindow: completionWindow(dialect), ...options },
	};
}

/** The product in n8n's engine with one of the compatible servers, and its polling trigger. */
export async function startServer(
	name: DialectName | Dialect,
	options: EmulatorOptions = {},
	credential: IDataObject = {},
) {
	const dialect = typeof name === 'string' ? DIALECTS[name] : name;
	const product = await startProduct({ dialect: name, timing: TIMING, ...options });
	const { apiKey, url } = product.emulator;
	const credentialData = { [CREDENTIAL]: { apiKey, url, ...credential } as Record<string, string> };
	const engine = await createEngine({
		nodes: { trigger: OpenAiBatchTrigger },
		credentials: [OpenAiBatchApi],
		credentialData,
	});
	const run: typeof product.run = async (resource, operation, parameters, input, more = {}) =>
		await product.run(resource, operation, parameters, input, { credentialData, ...more });
	return {
		...product,
		dialect,
		credentialData,
		run,
		/** Runs one operation that has to succeed, and returns the JSON of its items. */
		json: jsonOf(run),
		/** Runs one operation that has to fail, and returns its error. */
		failure: async (...args: Parameters<typeof run>) => {
			const { error } = await run(...args);
			return error as (Error & { description?: string; failure?: object }) | undefined;
		},
		poller: (parameters = {}) => engine.poller('trigger', parameters),
		testCredential: async () =>
			await product.engine.testCredential(CREDENTIAL, credentialData[CREDENTIAL]),
	};
}

export type Server = Awaited<ReturnType<typeof startServer>>;

/** The items of a poll, which has to succeed. */
export function reported({ items, error }: PollOutcome): IDataObject[] {
	if (error) throw error;
	return (items ?? []).map(({ json }) => json);
}

/** A server like OpenAI's that does not say when its batches were created. */
export const WITHOUT_TIMES: Dialect = {
	...DIALECTS.openai,
	batch: (batch) => {
		const { created_at: _, ...rest } = batch;
		return rest;
	},
};

/** Adds batches that ended long ago, the oldest one first. */
export function addPast({ emulator }: Pick<Server, 'emulator'>, count: number): void {
	const now = Math.floor(Date.now() / 1000);
	for (let n = 0; n < count; n++) {
		const created_at = now - 40 * 86_400 + n;
		emulator.addBatch({ id: `past_${n}`, created_at, completed_at: created_at + 60 });
	}
}
