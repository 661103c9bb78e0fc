import { createReadStream } from 'node:fs';

import type { FastifyInstance } from 'fastify';

import { requiredChoice } from '../checks';
import type { Context } from '../context';
import { badRequest, fileNotFound } from '../errors';
import type { StoredFile } from '../store';
import { limitOf, page } from './page';
import { receiveUpload } from './upload';

interface ListQuery {
	after?: string;
	limit?: string;
	order?: string;
	purpose?: string;
}

/** `/files` and below. */
export function fileRoutes(api: FastifyInstance, context: Context): void {
	const { store, ledger } = context;
	const find = (id: string): StoredFile => {
		const file = store.file(id);
		if (file === undefined) throw fileNotFound(id);
		return file;
	};

	api.post('/files', async (request) => {
		const { object } = await receiveUpload(request, context);
		ledger.uploads.push(object);
		return object;
	});

	api.get<{ Querystring: ListQuery }>('/files', async ({ query }) => {
		const limit = limitOf(query.limit, 10_000, 10_000);
		const order = requiredChoice(query.order ?? 'desc', 'order', ['asc', 'desc']);
		const files = store
			.files()
			.map(({ object }) => object)
			.filter(({ purpose }) => query.purpose === undefined || purpose === query.purpose);
		if (order === 'desc') files.reverse();
		return page(files, { after: query.after, limit }, fileNotFound);
	});

	api.get<{ Params: { id: string } }>('/files/:id', async ({ params }) => find(params.id).object);

	api.delete<{ Params: { id: string } }>('/files/:id', async ({ params }) => {
		const { object } = find(params.id);
		await store.deleteFile(object.id);
		return { object: 'file', deleted: true, id: object.id };
	});

	api.get<{ Params: { id: string } }>('/files/:id/content', async ({ params }, reply) => {
		const { object, path } = find(params.id);
		if (object.purpose === 'assistants') {
			throw badRequest('Not allowed to download files of purpose: assistants');
		}
		return reply
			.headers({
				'content-type': 'application/octet-stream',
				'content-length': object.bytes!,
				'content-disposition': `attachment; filename="${encodeURIComponent(object.filename!)}"`,
			})
			.send(createReadStream(path, { highWaterMark: 256 * 1024 }));
	});
}
