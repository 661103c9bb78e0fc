import fc from 'fast-check';
import type { Fault } from '../support/emulator';
import type { RunResult } from '../support/engine';
import { productForTests } from './product';
import { expectRowsOf } from './support/keptRows';
import { EMBED_TEXT } from './support/submitParameters';

jest.mock('n8n-workflow', () => jest.requireActual('../support/engine/fastSleep'));

const product = productForTests();

/** The calls of a submit. */
const CALLS = {
	list: ['GET', '/batches'],
	get: ['GET', /^\/batches\/./],
	create: ['POST', '/batches'],
	upload: ['POST', '/files'],
	listFiles: ['GET', '/files'],
	delete: ['DELETE', /^\/files\/./],
} as const;

const FAULTS: Record<string, Fault> = {
	'reset before': { type: 'reset', when: 'before' },
	'reset after': { type: 'reset', when: 'after' },
	'500 before': { type: 'status', status: 500 },
	'500 after': { type: 'status-after', status: 500 },
	'page before': { type: 'status', status: 200, body: '<html>Log in</html>' },
	'page after': { type: 'status-after', status: 200, body: '<html>Log in</html>' },
	'odd JSON after': { type: 'status-after', status: 200, body: {} },
	'429': { type: 'status', status: 429 },
	'403': { type: 'status', status: 403 },
	'400': { type: 'status', status: 400 },
};

/** Strikes without harm, to spare the calls before the one that is meant. */
const UNHARMED: Fault = { type: 'truncate', bytes: 1e9, keepContentLength: false };

const rule = fc.record({
	call: fc.constantFrom(...(Object.keys(CALLS) as Array<keyof typeof CALLS>)),
	spared: fc.nat({ max: 2 }),
	fault: fc.constantFrom(...Object.keys(FAULTS)),
	times: fc.integer({ min: 1, max: 6 }),
});

const story = fc.record({
	parts: fc.integer({ min: 1, max: 3 }),
	rules: fc.array(rule, { maxLength: 8 }),
	/** List calls after which a batch shows up. */
	lag: fc.nat({ max: 2 }),
	/** How often "Retry On Fail" tries. */
	tries: fc.integer({ min: 1, max: 3 }),
	/** How often the execution is run again, as if its process had died. */
	reruns: fc.nat({ max: 2 }),
	keepsRows: fc.boolean(),
});

type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

let stories = 0;

/** How many batches each part has at the service. */
function batchesOfParts(): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const { metadata } of product.emulator.ledger.batches) {
		const part = `${metadata!.submission_part} ${metadata!.submission_key}`;
		counts[part] = (counts[part] ?? 0) + 1;
	}
	return counts;
}

/** No part may have two batches; after a success each has one. @returns whether it succeeded */
function check({ error, items }: RunResult, parts: number): boolean {
	const counts = batchesOfParts();
	expect(Object.values(counts).every((count) => count === 1)).toBe(true);
	if (error) return false;
	expect(Object.keys(counts)).toHaveLength(parts);
	const ids = items('Node').map(({ json }) => json.id);
	expect(ids.sort()).toEqual(product.emulator.ledger.batches.map(({ id }) => id).sort());
	return true;
}

async function tell({ parts, rules, lag, tries, reruns, keepsRows }: Story): Promise<void> {
	const { faults, ledger } = product.emulator;
	const executionId = `story-${++stories}`;
	const submit = async (maxTries: number) =>
		await product.run(
			'batch',
			'submit',
			{
				...EMBED_TEXT,
				options: { maxRequestsPerBatch: 1, ...(keepsRows && { keepFields: 'text' }) },
			},
			Array.from({ length: parts }, (_, part) => ({ text: `${executionId} ${part}` })),
			{ executionId, retryOnFail: maxTries > 1, maxTries, waitBetweenTries: 1 },
		);
	faults.clear();
	ledger.clear();
	// The emulator counts its lag in calls, and a call that fails does not count.
	const visibleAfter = rules.some(({ call }) => call === 'list') ? 0 : lag;
	faults.listLag(visibleAfter);
	for (const { call, spared, fault, times } of rules) {
		const [method, path] = CALLS[call];
		if (spared > 0) faults.next({ method, path, times: spared, fault: UNHARMED });
		faults.next({ method, path, times, fault: FAULTS[fault] });
	}
	for (let run = 0; run <= reruns; run++) {
		check(await submit(tries), parts);
		if (keepsRows) expectRowsOf(product.emulator, ledger.batches);
		for (let call = 0; call < visibleAfter; call++) await list();
	}
	faults.clear();
	expect(check(await submit(1), parts)).toBe(true);
	if (keepsRows) expectRowsOf(product.emulator, ledger.batches);
}

/** A new process starts so much later that the list shows everything. */
const list = async () =>
	await fetch(`${product.emulator.url}/batches`, {
		headers: { authorization: `Bearer ${product.emulator.apiKey}` },
	});

test('whatever fails and however often a node runs, a part becomes one batch', async () => {
	await fc.assert(fc.asyncProperty(story, tell), {
		numRuns: 20,
		interruptAfterTimeLimit: 15_000,
		verbose: fc.VerbosityLevel.None,
	});
});
