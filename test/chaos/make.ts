import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { RequestLine } from '../support/emulator/batches/requestLine';
import type { Outcome } from '../support/emulator/outcomes';
import type { RunResult } from '../support/engine';
import { performUntilDone } from './act';
import { checkCreates } from './checks/creates';
import { jsonOf } from './checks/output';
import { chance, PROSE, type World } from './world';

/** The endpoints of the stories, with the parameters for the requests to them. */
const REQUESTS: Record<string, IDataObject> = {
	'/v1/embeddings': fields('text-embedding-3-small'),
	'/v1/chat/completions': fields('gpt-6-luna'),
	'/v1/responses': fields('gpt-6-luna'),
	// A spelling that is not in the list of endpoints.
	'/v4/chat/completions': {
		requestSource: 'json',
		body: '={{ { model: "gpt-6-luna", messages: [{ role: "user", content: $json.text }] } }}',
	},
};

function fields(model: string): IDataObject {
	return { requestSource: 'fields', model, prompt: '={{ $json.text }}' };
}

/** The endpoint as it is chosen or typed. */
const endpointOf = (path: string): IDataObject =>
	path.startsWith('/v1/') ? { endpoint: path } : { endpoint: 'other', otherEndpoint: path };

const hasFormats = (path: string) => ['/v1/chat/completions', '/v1/responses'].includes(path);

/** What the answers of some stories have to be. */
const GENRE = JSON.stringify({
	type: 'object',
	properties: { genre: { type: 'string' } },
	required: ['genre'],
	additionalProperties: false,
});

/** The options of every operation that creates batches, as the server needs them. */
export function creationOptions({ server }: World): IDataObject {
	return {
		completionWindow: server.window,
		...(!server.has('GET /batches') && { createWithoutSearch: true }),
	};
}

/** What becomes of a request each time that it runs. */
const OUTCOMES: Record<string, Outcome> = {
	good: { type: 'answer' },
	prose: { type: 'answer', content: PROSE },
	refused: { type: 'refuse' },
	cut: { type: 'truncate' },
	wrong: { type: 'fail', status: 400, code: 'context_length_exceeded' },
	broken: { type: 'fail', status: 500, code: 'server_error' },
	timeout: { type: 'timeout' },
	missing: { type: 'missing' },
};

/** So many times a request runs otherwise than the last time. */
const MOST_TURNS = 3;

/** The words in a row that say what becomes of it: `[[turns: cut, prose, good]]`. */
const TURNS = /\[\[turns: ([\w, ]+)\]\]/;

/** Lets the requests of a story become what their rows say, the last word for all further times. */
function followTurns({ emulator }: World): void {
	const times = new Map<string, number>();
	const turnsOf = ({ body }: RequestLine) => TURNS.exec(JSON.stringify(body))?.[1].split(', ');
	emulator.control.requests({
		match: (line) => turnsOf(line) !== undefined,
		outcome: (line) => {
			const turns = turnsOf(line)!;
			const time = times.get(line.custom_id) ?? 0;
			times.set(line.custom_id, time + 1);
			return OUTCOMES[turns[Math.min(time, turns.length - 1)]];
		},
	});
}

function someTurns({ random }: World): string {
	// Most of them answers, which may be of no use.
	const names = [...Object.keys(OUTCOMES), 'prose', 'cut', 'refused'];
	const turns = Array.from({ length: random.integer(1, MOST_TURNS) }, () => random.pick(names));
	return `[[turns: ${turns.join(', ')}]]`;
}

function rows(world: World): IDataObject[] {
	const { random, seed } = world;
	return Array.from({ length: random.integer(1, 9) }, (_, row) => ({
		id: `row ${row} \u2028 "é"`,
		text: `Story ${seed}, row ${row} ${chance(world, 0.6) ? someTurns(world) : ''}`,
	}));
}

/** Submits rows in one of the ways that there are. @returns the ids of the batches */
export async function makeBatches(world: World): Promise<string[]> {
	const { endpoints } = world.server.dialect.rules;
	const path = world.random.pick(Object.keys(REQUESTS).filter((one) => one in endpoints));
	const endpoint = endpointOf(path);
	followTurns(world);
	const parameters = {
		...endpoint,
		...REQUESTS[path],
		...(hasFormats(path) && chance(world, 0.7) && { requestOptions: { jsonSchema: GENRE } }),
		customId: '={{ $json.id }}',
	};
	return chance(world, 0.75)
		? await submit(world, parameters)
		: await byFile(world, parameters, endpoint);
}

async function submit(world: World, parameters: IDataObject): Promise<string[]> {
	const input = rows(world);
	const maxRequestsPerBatch = world.random.integer(2, 9);
	const result = await performUntilDone(world, {
		resource: 'batch',
		operation: 'submit',
		parameters: { ...parameters, options: { maxRequestsPerBatch, ...creationOptions(world) } },
		input,
		executionId: `submit-${world.seed}`,
		tries: world.random.integer(1, 3),
	});
	return created(world, result, Math.ceil(input.length / maxRequestsPerBatch));
}

async function byFile(
	world: World,
	parameters: IDataObject,
	endpoint: IDataObject,
): Promise<string[]> {
	const { emulator } = world;
	const built = await performUntilDone(world, {
		resource: 'requestFile',
		operation: 'build',
		parameters,
		input: rows(world),
	});
	const file: INodeExecutionData[] = built.items('Node');
	const uploaded = await performUntilDone(world, {
		resource: 'file',
		operation: 'upload',
		parameters: { purpose: 'batch' },
		input: file,
	});
	if (uploaded.error) return [];
	const [{ id: fileId }] = jsonOf(uploaded);
	const sent = (await built.binary(file[0])).toString();
	if (emulator.file(fileId as string).text() !== sent) {
		world.broken('an upload is whole', { fileId });
	}
	const result = await performUntilDone(world, {
		resource: 'batch',
		operation: 'create',
		parameters: { fileId, ...endpoint, options: creationOptions(world) },
		executionId: `create-${world.seed}`,
		tries: world.random.integer(1, 3),
	});
	return created(world, result, 1);
}

/** A success has all batches that stand, one a part. */
function created(world: World, result: RunResult, parts: number): string[] {
	const { ledger } = world.emulator;
	const standing = checkCreates(world, 'after a create');
	if (result.error) return [];
	const ids = jsonOf(result).map(({ id }) => id as string);
	const all = ledger.batches.map(({ id }) => id);
	const isRight = ids.every((id) => all.includes(id)) && standing.every((id) => ids.includes(id));
	if (new Set(ids).size !== parts || !isRight) {
		world.broken('a success has one batch a part', { parts, ids, all });
	}
	world.count('batches', ids.length);
	return ids;
}
