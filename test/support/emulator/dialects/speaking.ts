import { startEmulator, type DialectName, type Emulator, type EmulatorOptions } from '..';
import { requestLine } from '../client';
import { DIALECTS } from '.';

/** An answer over a socket: its JSON, when it is JSON. */
export interface Answer {
	status: number;
	text: string;
	json: Record<string, unknown>;
	type: string;
}

/** A running emulator of a dialect, spoken to with plain HTTP. */
export interface Talk {
	emulator: Emulator;
	call: (method: string, path: string, body?: unknown, headers?: object) => Promise<Answer>;
	/** Uploads lines; the answer as it comes. */
	upload: (lines: readonly string[], fields?: Record<string, string>) => Promise<Answer>;
	/** Uploads lines and creates a batch of them; returns the answer to the creation. */
	create: (lines: readonly string[], body?: object) => Promise<Answer>;
	/** The lines of a result file; texts that are no JSON stay so. */
	lines: (fileId: unknown) => Promise<unknown[]>;
}

/** A line of an input file, with the endpoint as the dialect calls it. */
export function lineFor(name: DialectName, customId: string, body: object = {}): string {
	const [url] = Object.keys(DIALECTS[name].rules.endpoints).filter((path) => /chat/.test(path));
	const line = JSON.parse(requestLine(customId));
	return JSON.stringify({ ...line, url, body: { ...line.body, ...body } });
}

/** Starts an emulator that speaks the dialect; the clock stands still. */
export async function speaking(dialect: DialectName, options: EmulatorOptions = {}): Promise<Talk> {
	const emulator = await startEmulator({
		clock: 'manual',
		now: 1_790_000_000_000,
		dialect,
		...options,
	});
	const call: Talk['call'] = async (method, path, body, headers = {}) => {
		const isForm = body instanceof FormData;
		const answer = await fetch(`${emulator.url}${path}`, {
			method,
			headers: {
				...('authorization' in headers ? {} : { authorization: `Bearer ${emulator.apiKey}` }),
				...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
				...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')),
			},
			...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
		});
		const text = await answer.text();
		const type = answer.headers.get('content-type') ?? '';
		return { status: answer.status, text, type, json: type.includes('json') && JSON.parse(text) };
	};
	const upload: Talk['upload'] = (lines, fields = {}) => {
		const form = new FormData();
		form.append(
			'purpose',
			DIALECTS[dialect].rules.purposes.find((one) => /batch/.test(one))!,
		);
		for (const [name, value] of Object.entries(fields)) form.append(name, value);
		form.append('file', new Blob([`${lines.join('\n')}\n`]), 'requests.jsonl');
		return call('POST', '/files', form);
	};
	const create: Talk['create'] = async (lines, body = {}) => {
		await upload(lines);
		const [endpoint] = Object.keys(DIALECTS[dialect].rules.endpoints).filter((path) =>
			/chat/.test(path),
		);
		return await call('POST', '/batches', {
			input_file_id: emulator.ledger.uploads.at(-1)!.id,
			endpoint,
			completion_window: dialect === 'novita' ? '48h' : '24h',
			metadata: { project: 'demo' },
			...body,
		});
	};
	return {
		emulator,
		call,
		upload,
		create,
		lines: async (fileId) => {
			const { text } = await call('GET', `/files/${encodeURIComponent(String(fileId))}/content`);
			return text
				.split('\n')
				.filter((line) => line !== '')
				.map((line) => JSON.parse(line));
		},
	};
}
