import { createReadStream } from 'node:fs';

import type { FastifyInstance } from 'fastify';

import { requiredChoice } from '../checks';
import type { Context } from '../context';
import { badRequest, fileNotFound } from '../errors';
import { readLines } from '../lines';
import type { StoredFile } from '../store';
import { limitOf, page } from './page';
import { receiveUpload } from './upload';

interface ListQuery extends Record<string, string | undefined> {
	order?: string;
	purpose?: string;
}

type ById = { Params: { id: string } };

/** The whole file in other words: gateways that translate have it in memory, and know its length. */
async function translated(path: string, translate: (line: string) => string): Promise<Buffer> {
	const lines: string[] = [];
	for await (const line of readLines(path)) lines.push(`${translate(line)}\n`);
	return Buffer.from(lines.join(''));
}

/** `/files` and below. */
export function fileRoutes(api: FastifyInstance, context: Context): void {
	const { store, ledger, spoken } = context;
	const find = (id: string): StoredFile => {
		const file = store.file(id);
		if (file === undefined) throw fileNotFound(id);
		return file;
	};

	api.post('/files', async (request, reply) => {
		const { object } = await receiveUpload(request, context);
		ledger.uploads.push(object);
		const { success, file } = spoken.dialect;
		return reply.code(success.upload).send(file(object, 'uploaded'));
	});

	api.get<{ Querystring: ListQuery }>('/files', async ({ query }) => {
		const { fileList, file } = spoken.dialect;
		const { after, limit } = fileList.query(query);
		const order = requiredChoice(query.order ?? 'desc', 'order', ['asc', 'desc']);
		const files = store
			.files()
			.map(({ object }) => object)
			.filter(({ purpose }) => query.purpose === undefined || purpose === query.purpose);
		if (order === 'desc') files.reverse();
		const found = page(files, { after, limit: limitOf(limit, 10_000, 10_000) }, fileNotFound);
		return fileList.page({ ...found, data: found.data.map((object) => file(object, 'listed')) });
	});

	api.get<ById>('/files/:id', async ({ params }) =>
		spoken.dialect.file(find(params.id).object, 'read'),
	);

	api.delete<ById>('/files/:id', async ({ params }) => {
		const { object } = find(params.id);
		await store.deleteFile(object.id);
		return spoken.dialect.deletedFile(object);
	});

	api.get<ById>('/files/:id/content', async ({ params }, reply) => {
		const { object, path } = find(params.id);
		if (object.purpose === 'assistants') {
			throw badRequest('Not allowed to download files of purpose: assistants');
		}
		const filename = encodeURIComponent(object.filename!);
		reply.headers({
			'content-type': 'application/octet-stream',
			'content-disposition': `attachment; filename="${filename}"`,
		});
		const translate = spoken.dialect.download(object);
		if (translate !== undefined) return reply.send(await translated(path, translate));
		return reply
			.header('content-length', object.bytes!)
			.send(createReadStream(path, { highWaterMark: 256 * 1024 }));
	});
}
