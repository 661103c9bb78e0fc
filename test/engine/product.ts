import type { IDataObject, INodeExecutionData, NodeParameterValueType } from 'n8n-workflow';
import { OpenAiBatchApi } from '../../credentials/OpenAiBatchApi.credentials';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import type { Emulator, EmulatorOptions } from '../support/emulator';
import { startEmulator } from '../support/emulator';
import type { NodeRunOptions, RunResult } from '../support/engine';
import { createEngine } from '../support/engine';

export const NODE = 'openAiBatch';
export const CREDENTIAL = 'openAiBatchApi';

type NodeParameters = Record<string, NodeParameterValueType>;
type Input = Array<INodeExecutionData | IDataObject>;

type Run = (
	resource: string,
	operation: string,
	parameters?: NodeParameters,
	input?: Input,
	more?: NodeRunOptions,
) => Promise<RunResult>;

/** Runs one operation that has to succeed, and gives the JSON of its items. */
export const jsonOf =
	(run: Run) =>
	async (...args: Parameters<Run>): Promise<IDataObject[]> => {
		const result = await run(...args);
		if (result.error) throw result.error;
		return result.items('Node').map((item) => item.json);
	};

/** The hints of a run, without the one with which Submit says how the workflow continues. */
export const remarksOf = ({ hints }: Pick<RunResult, 'hints'>) =>
	hints('Node').filter(
		({ message }) => !/^\d+ requests? in \d+ batch(es)?\. (The results|All of it)/.test(message),
	);

/** The product in n8n's engine, with the emulator as its server. */
export async function startProduct(options: EmulatorOptions = {}) {
	const emulator: Emulator = await startEmulator({ clock: 'manual', ...options });
	const credentialData = { apiKey: emulator.apiKey, url: emulator.url };
	const engine = await createEngine({
		nodes: { [NODE]: OpenAiBatch },
		credentials: [OpenAiBatchApi],
		credentialData: { [CREDENTIAL]: credentialData },
	});
	const run: Run = async (resource, operation, parameters = {}, input = [{}], more = {}) =>
		await engine.node(NODE, { resource, operation, ...parameters }, input, more);
	return {
		emulator,
		engine,
		/** Runs one operation over the input items. */
		run,
		/** Runs one operation that has to succeed, and gives the JSON of its items. */
		json: jsonOf(run),
		/** Takes a batch to its end. */
		finish: async (batchId: string) => await emulator.step(batchId, 'completed'),
		stop: async () => await emulator.close(),
	};
}

export type Product = Awaited<ReturnType<typeof startProduct>>;

/**
 * A product for the tests of a file, from before the first one until after the last one. Its fields
 * are set once the tests run. Each test begins without faults and without earlier requests.
 */
export function productForTests(options: EmulatorOptions = {}): Product {
	const product = {} as Product;
	beforeAll(async () => {
		Object.assign(product, await startProduct(options));
	});
	beforeEach(() => {
		product.emulator.faults.clear();
		product.emulator.ledger.clear();
	});
	afterAll(async () => await product.stop());
	return product;
}

/** A product of its own for each test of a file. Its fields are set once the test runs. */
export function productForEachTest(options: EmulatorOptions = {}): Product {
	const product = {} as Product;
	beforeEach(async () => {
		Object.assign(product, await startProduct(options));
	});
	afterEach(async () => await product.stop());
	return product;
}
