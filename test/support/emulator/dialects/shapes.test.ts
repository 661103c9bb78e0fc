import type { BatchStatus } from '../../../../nodes/openai/api/objects';
import type { DialectName } from '..';
import { DIALECTS } from '.';
import samples from './samples.json';
import { lineFor, speaking, type Talk } from './speaking';

type Samples = Partial<Record<'batch' | 'file' | 'line', Record<string, Record<string, unknown>>>>;
const SAMPLES = samples as Partial<Record<string, Samples>>;

/** What kind of value stands somewhere, so that a sample and an answer can be compared. */
function form(value: unknown): unknown {
	if (value === null || typeof value === 'boolean') return value;
	if (Array.isArray(value)) return value.map(form);
	if (typeof value === 'number') {
		if (value > 1e12) return 'milliseconds';
		return value > 1e9 ? 'seconds' : value === 0 ? 'zero or more' : 'zero or more';
	}
	if (typeof value === 'object') {
		return Object.fromEntries(Object.entries(value!).map(([key, entry]) => [key, form(entry)]));
	}
	if (value === '') return 'empty text';
	return /^\d{4}-\d\d-\d\dT[\d:.]+\+\d\d:\d\d$/.test(String(value)) ? 'ISO text' : 'text';
}

let talk: Talk;

afterEach(() => talk.emulator.close());

/** A batch in some state, by the names of the samples. */
const STATES: Record<string, { to: BatchStatus; fate?: string; bad?: boolean }> = {
	created: { to: 'validating' },
	createdIso: { to: 'validating' },
	bedrockCreated: { to: 'validating' },
	vertexCreated: { to: 'validating' },
	in_progress: { to: 'in_progress' },
	bedrockInProgress: { to: 'in_progress' },
	completed: { to: 'completed' },
	completedCode: { to: 'completed' },
	bedrockCompleted: { to: 'completed' },
	vertexCompleted: { to: 'completed' },
	completedWithBadLine: { to: 'completed', bad: true },
	cancelling: { to: 'cancelling' },
	cancelled: { to: 'cancelled' },
	failed: { to: 'completed', fate: 'fail_all' },
	bedrockFailed: { to: 'failed', fate: 'file_not_found' },
	vertexFailed: { to: 'failed', fate: 'file_not_found' },
};

/**
 * Fields in which the emulator and a sample may differ: metadata is the creator's, and the samples
 * without it are older; counts are what the batch has.
 */
const OWN = ['metadata', 'request_counts', 'completion_window', 'finalizing_at', 'errors'];

async function batchIn(
	name: DialectName,
	sample: string,
	hasErrors: boolean,
): Promise<Record<string, unknown>> {
	const { to, fate, bad } =
		name === 'vllm' && sample === 'failed' ? STATES.bedrockFailed : STATES[sample];
	const { emulator, create, call } = (talk = await speaking(name));
	if (fate !== undefined) {
		emulator.control.batches({ match: () => true, fate: fate as 'fail_all' });
	}
	const lines = ['a', 'b', 'c'].map((id) => lineFor(name, id));
	if (hasErrors) lines.push(lineFor(name, '[[emulator:fail 500 server_error]]'));
	if (bad) lines.push(JSON.stringify({ custom_id: 'd', method: 'GET', url: 'x', body: {} }));
	const created = await create(lines);
	expect(created.status).toBe(DIALECTS[name].success.create);
	if (to === 'validating') return created.json;
	const { id } = emulator.ledger.batches[0];
	if (to === 'failed') await emulator.advance(100);
	else if (fate === 'fail_all' && DIALECTS[name].rules.allFailed === 'failed') {
		await emulator.advance(60_000);
	} else {
		await emulator.step(id, 'in_progress', { done: 1 });
		await emulator.step(id, to);
	}
	return (await call('GET', `/batches/${id}`)).json;
}

const cases = (kind: 'batch' | 'file' | 'line') =>
	Object.entries(SAMPLES).flatMap(([name, kinds]) =>
		Object.entries(kinds?.[kind] ?? {}).map(
			([sample, value]) => [name as DialectName, sample, value] as const,
		),
	);

describe('batches', () => {
	it.each(cases('batch'))('of %s: %s', async (name, sample, expected) => {
		const batch = await batchIn(name, sample, Boolean(expected.error_file_id));
		// Two samples are cut off, their other fields being null, and one leaves out a time that the emulator passes through.
		const isWhole = name !== 'deepinfra' && name !== 'litellm-vertex';
		const more = name === 'doubleword' && sample === 'failed' ? ['finalizing_at'] : [];
		const keys = Object.keys(batch).filter((key) => isWhole || key in expected);
		expect(keys.sort()).toEqual([...Object.keys(expected), ...more].sort());
		const compared = (object: Record<string, unknown>) =>
			Object.fromEntries(
				Object.entries(form(object) as object).filter(([key]) => !OWN.includes(key)),
			);
		const differing = Object.keys(compared(expected)).filter(
			(key) => JSON.stringify(compared(batch)[key]) !== JSON.stringify(compared(expected)[key]),
		);
		expect(differing.map((key) => [key, batch[key], expected[key]])).toEqual([]);
		if (STATES[sample].fate !== 'fail_all' || name === 'doubleword') {
			expect(batch.status).toBe(name === 'novita' ? 'VALIDATING' : (expected.status as string));
		}
	});
});

describe('files', () => {
	it.each(cases('file'))('of %s: %s', async (name, sample, expected) => {
		const { emulator, upload, call } = (talk = await speaking(name));
		const uploaded = await upload([lineFor(name, 'a')]);
		expect(uploaded.status).toBe(DIALECTS[name].success.upload);
		const path = `/files/${emulator.ledger.uploads[0].id}`;
		const file = /delete/i.test(sample)
			? (await call('DELETE', path)).json
			: sample === 'get'
				? (await call('GET', path)).json
				: uploaded.json;
		const loose = (text: string) => JSON.stringify(form(JSON.parse(text)));
		const known = JSON.stringify(expected, (key, value) =>
			key === 'expires_at' ? undefined : value,
		);
		const found = JSON.stringify(file, (key, value) => (key === 'expires_at' ? undefined : value));
		expect(JSON.parse(loose(found))).toEqual(JSON.parse(loose(known)));
	});
});

describe('result lines', () => {
	it.each(cases('line'))('of %s: %s', async (name, sample, expected) => {
		const { emulator, create, lines } = (talk = await speaking(name));
		const failure = {
			httpError: 'fail 400 context_length_exceeded',
			failed: 'fail 400 context_length_exceeded',
			vertexError: 'fail 400 context_length_exceeded',
		}[sample];
		const said = failure === undefined ? 'Hello' : `[[emulator:${failure}]]`;
		const body = { messages: [{ role: 'user', content: said }] };
		await create([lineFor(name, 'a', body), lineFor(name, 'b')]);
		const { id } = emulator.ledger.batches[0];
		const isNotRun = sample === 'neverRan';
		await emulator.step(id, 'in_progress', { done: 0 });
		await emulator.step(id, isNotRun ? 'cancelled' : 'completed', { done: 0 });
		const { output_file_id: output, error_file_id: error } = emulator.batch(id);
		const isError = (failure !== undefined || isNotRun) && DIALECTS[name].rules.hasErrorFile;
		const found = (await lines(isError ? error : output)).find((line) =>
			JSON.stringify(line).includes('"a"'),
		) as Record<string, unknown>;
		const cut = (value: unknown) =>
			JSON.parse(
				JSON.stringify(value, (key, entry) =>
					['body', 'modelInput', 'content'].includes(key) && entry !== null ? 'here' : entry,
				),
			);
		expect(form(cut(found))).toEqual(form(cut(expected)));
		if (sample === 'neverRan' && name === 'doubleword') {
			expect((found.error as { message: string }).message).toBe(
				(expected.error as { message: string }).message,
			);
		}
	});
});
