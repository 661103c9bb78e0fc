import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import fastify from 'fastify';
import type { ICredentialType } from 'n8n-workflow';
import { createEngine, userFolder, type Engine } from '../support/engine';
import { Probe } from '../support/engine/Probe.node';
import { ProbeApi } from '../support/engine/ProbeApi.credentials';
import { ProbeTrigger } from '../support/engine/ProbeTrigger.node';

const server = fastify();
let engine: Engine;
let url: string;
/** What the next polls find. */
let pollAnswer: { status: number; loud: boolean };

server.get('/echo', async ({ headers }, reply) => {
	if (headers.authorization === 'Bearer wrong') {
		return await reply.code(401).send({ error: { message: 'Incorrect API key provided' } });
	}
	return { authorization: headers.authorization, team: headers['x-team'] };
});
server.get('/poll', async (_request, reply) => {
	return await reply.code(pollAnswer.status).send({ loud: pollAnswer.loud });
});

beforeAll(async () => {
	await server.listen({ port: 0, host: '127.0.0.1' });
	url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
	engine = await createEngine({
		nodes: { probe: Probe, probeTrigger: ProbeTrigger },
		credentials: [ProbeApi],
		credentialData: { probeApi: { apiKey: 'secret', url } },
	});
});

beforeEach(() => {
	pollAnswer = { status: 200, loud: true };
});

afterAll(async () => await server.close());

describe('running nodes', () => {
	it('sends requests with the declared authentication and the credential defaults', async () => {
		const run = await engine.node('probe');
		expect(run.error).toBeUndefined();
		expect(run.status).toBe('success');
		expect(run.items('Node').map(({ json }) => json)).toEqual([
			{ authorization: 'Bearer secret', team: 'everyone' },
		]);
	});

	it('calls the function form of authenticate', async () => {
		class ProbeFunctionApi extends ProbeApi {
			override authenticate = (async ({ apiKey }, request) => ({
				...request,
				headers: { authorization: `Key ${String(apiKey)}` },
			})) as ICredentialType['authenticate'] as never;
		}
		const other = await createEngine({
			nodes: { probe: Probe },
			credentials: [ProbeFunctionApi],
			credentialData: { probeApi: { apiKey: 'secret', url } },
		});
		const run = await other.node('probe');
		expect(run.items('Node')[0].json).toEqual({ authorization: 'Key secret' });
	});

	it('resolves expressions in parameters for each item', async () => {
		const run = await engine.node('probe', { action: 'store', path: '=Film: {{ $json.title }}' }, [
			{ title: 'Alien' },
			{ json: { title: 'Heat' } },
		]);
		const texts = await Promise.all(run.items('Node').map(async (item) => await run.binary(item)));
		expect(texts.map(String)).toEqual(['Film: Alien', 'Film: Heat']);
	});

	it('keeps binary data in files, for the next node to read', async () => {
		const run = await engine.run({
			nodes: [
				{ name: 'Store', type: 'probe', parameters: { action: 'store', path: 'some bytes' } },
				{ name: 'Read', type: 'probe', parameters: { action: 'read' } },
			],
		});
		expect(run.items('Read')[0].json).toEqual({
			text: 'some bytes',
			id: expect.stringMatching(/^filesystem-v2:/),
		});
		expect(existsSync(join(userFolder, '.n8n'))).toBe(true);
	});

	it('follows explicit connections from an error output', async () => {
		const link = (node: string) => [{ node, type: 'main' as const, index: 0 }];
		const run = await engine.run({
			nodes: [
				{
					name: 'Split',
					type: 'probe',
					parameters: { action: '={{ $json.action }}', path: 'kept' },
					onError: 'continueErrorOutput',
				},
				{ name: 'Good', type: 'probe', parameters: { action: 'read' } },
				{ name: 'Bad', type: 'probe', parameters: { action: 'store' } },
			],
			connections: {
				Items: { main: [link('Split')] },
				Split: { main: [link('Good'), link('Bad')] },
			},
			input: [{ action: 'fail' }, { action: 'store' }],
		});
		expect(run.items('Split', 1)[0].json).toMatchObject({ error: 'This item cannot be used' });
		expect(run.items('Good').map(({ json }) => json.text)).toEqual(['kept']);
		expect(run.items('Bad')).toHaveLength(1);
	});

	it('reports the error that stopped a workflow', async () => {
		const run = await engine.node('probe', { action: 'fail' });
		expect(run.status).toBe('error');
		expect(run.error?.message).toBe('This item cannot be used');
		expect(run.items('Node')).toEqual([]);
	});

	it('retries a node within the same execution', async () => {
		const run = await engine.node('probe', { action: 'flaky' }, [{}], {
			executionId: 'mine',
			retryOnFail: true,
			maxTries: 2,
			waitBetweenTries: 1,
		});
		expect(run.items('Node')[0].json).toEqual({ tries: 2, execution: 'mine' });
	});

	it('returns static data, hints and messages, and knows the mode and the execution', async () => {
		const run = await engine.node('probe', { action: 'remember' }, [{}], {
			mode: 'manual',
			executionId: 'mine',
			staticData: { 'node:Node': { runs: 4 } },
		});
		expect(run.items('Node')[0].json).toEqual({ mode: 'manual', execution: 'mine' });
		expect(run.staticData).toEqual({ 'node:Node': { runs: 5 } });
		expect(run.hints('Node').map(({ message }) => message)).toEqual(['Run 5']);
		expect(run.messages).toHaveLength(1);
	});

	it('cancels a running execution', async () => {
		const run = engine.startNode('probe', { action: 'wait' });
		await run.started('Node');
		run.cancel();
		expect(await run.finished).toMatchObject({
			status: 'canceled',
			error: { message: 'The wait was cancelled' },
		});
	});
});

describe('credentials of one run', () => {
	it('replace those of the engine', async () => {
		const run = await engine.node('probe', {}, [{}], {
			credentialData: { probeApi: { apiKey: 'other', url, team: '={{ "te" + "am" }}' } },
		});
		expect(run.items('Node')[0].json).toEqual({ authorization: 'Bearer other', team: 'team' });
	});

	it('may be missing', async () => {
		const run = await engine.node('probe', {}, [{}], { credentialData: {} });
		expect(run.error?.message).toBe('Node does not have any credentials set');
	});
});

describe('the editor', () => {
	it('searches lists with credentials, parameters, filter and page', async () => {
		const { results, paginationToken } = await engine.listSearch(
			'probe',
			'things',
			{ path: 'films' },
			{ filter: 'ali', paginationToken: '2' },
		);
		expect(results[0].name).toBe('Bearer secret | films | ali | 2');
		expect(paginationToken).toBe('7');
	});

	it('tests credentials', async () => {
		expect(await engine.testCredential('probeApi')).toEqual({
			status: 'OK',
			message: 'Connection successful!',
		});
		expect(await engine.testCredential('probeApi', { apiKey: 'wrong', url })).toEqual({
			status: 'Error',
			message: 'Unauthorized',
		});
		expect(
			await engine.testCredential('probeApi', { apiKey: 'x', url: 'http://127.0.0.1:1' }),
		).toEqual({ status: 'Error', message: 'ECONNREFUSED' });
	});
});

describe('polling', () => {
	it('polls once with given static data', async () => {
		const outcome = await engine.poll('probeTrigger', {}, { staticData: { polls: 6 } });
		expect(outcome.items?.[0].json).toEqual({ polls: 7, mode: 'trigger', activation: 'init' });
		expect(outcome.stored).toEqual({ polls: 7 });
	});

	it('polls in manual mode on a copy of the stored state', async () => {
		const poller = engine.poller('probeTrigger', {}, { staticData: { polls: 6 } });
		const { items, stored } = await poller.manual();
		expect(items?.[0].json).toEqual({ polls: 7, mode: 'manual', activation: 'manual' });
		expect(stored).toEqual({ polls: 6 });
	});

	it('stores on activation and on emit only, and loses the rest in a restart', async () => {
		const poller = engine.poller('probeTrigger');
		pollAnswer.loud = false;
		expect(await poller.activate()).toEqual({
			items: null,
			staticData: { polls: 1 },
			stored: { polls: 1 },
		});
		expect(await poller.tick()).toMatchObject({ staticData: { polls: 2 }, stored: { polls: 1 } });
		pollAnswer.loud = true;
		expect(await poller.tick()).toMatchObject({
			items: [{ json: { polls: 3, activation: 'activate' } }],
			stored: { polls: 3 },
		});
		pollAnswer.loud = false;
		expect(await poller.tick()).toMatchObject({ staticData: { polls: 4 }, stored: { polls: 3 } });
		expect(await poller.restart()).toMatchObject({ staticData: { polls: 4 } });
	});

	it('keeps in memory, unstored, what a failed poll wrote', async () => {
		const poller = engine.poller('probeTrigger', {}, { staticData: { polls: 1 } });
		pollAnswer.status = 500;
		const outcome = await poller.tick();
		expect(outcome.error?.message).toContain('service was not able to process');
		expect(outcome).toMatchObject({
			items: null,
			staticData: { polls: 2 },
			stored: { polls: 1 },
		});
	});

	it('stores nothing when an activation fails', async () => {
		pollAnswer.status = 500;
		const outcome = await engine.poll('probeTrigger', {}, { activation: 'activate' });
		expect(outcome.error).toBeDefined();
		expect(outcome.staticData).toEqual({ polls: 1 });
		expect(outcome.stored).toEqual({});
	});

	it('keeps durable cursors across restarts, but not that of a null activation poll', async () => {
		const poller = engine.poller('probeTrigger', {}, { durable: true });
		pollAnswer.loud = false;
		expect(await poller.activate()).toMatchObject({ staticData: { polls: 1 }, stored: {} });
		expect(await poller.tick()).toMatchObject({ stored: { polls: 1 } });
		expect(await poller.restart()).toBeUndefined();
		pollAnswer.loud = true;
		expect(await poller.tick()).toMatchObject({
			items: [{ json: { polls: 2, activation: 'update' } }],
			stored: { polls: 2 },
		});
	});
});
