import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import type { RunResult } from '../support/engine';
import { performUntilDone } from './act';
import { checkCreates } from './checks/creates';
import { chance, type World } from './world';

const REQUESTS: Record<string, string> = {
	'/v1/embeddings': 'text-embedding-3-small',
	'/v1/chat/completions': 'gpt-6-luna',
	'/v1/responses': 'gpt-6-luna',
};

/** The outcomes of some requests, by the emulator's markers. */
const MARKERS = [
	'[[emulator:fail 400 context_length_exceeded]]',
	'[[emulator:fail 500 server_error]]',
	'[[emulator:timeout]]',
	'[[emulator:missing]]',
];

const jsonOf = (result: RunResult): IDataObject[] => result.items('Node').map(({ json }) => json);

function rows(world: World): IDataObject[] {
	const { random, seed } = world;
	return Array.from({ length: random.integer(1, 9) }, (_, row) => ({
		id: `row ${row} \u2028 "é"`,
		text: `Story ${seed}, row ${row} ${chance(world, 0.2) ? random.pick(MARKERS) : ''}`,
	}));
}

/** Submits rows in one of several ways. Returns the ids of the batches. */
export async function makeBatches(world: World): Promise<string[]> {
	const endpoint = world.random.pick(Object.keys(REQUESTS));
	const parameters = {
		endpoint,
		requestSource: 'fields',
		model: REQUESTS[endpoint],
		prompt: '={{ $json.text }}',
		customId: '={{ $json.id }}',
	};
	return chance(world, 0.75) ? await submit(world, parameters) : await byFile(world, parameters);
}

async function submit(world: World, parameters: IDataObject): Promise<string[]> {
	const input = rows(world);
	const maxRequestsPerBatch = world.random.integer(2, 9);
	const result = await performUntilDone(world, {
		resource: 'batch',
		operation: 'submit',
		parameters: { ...parameters, options: { maxRequestsPerBatch } },
		input,
		executionId: `submit-${world.seed}`,
		tries: world.random.integer(1, 3),
	});
	return created(world, result, Math.ceil(input.length / maxRequestsPerBatch));
}

async function byFile(world: World, parameters: IDataObject): Promise<string[]> {
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
		parameters: { fileId, endpoint: parameters.endpoint },
		executionId: `create-${world.seed}`,
		tries: world.random.integer(1, 3),
	});
	return created(world, result, 1);
}

/** After a success there is one batch for each part, and the node returns all of them. */
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
