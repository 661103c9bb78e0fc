import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';
import { listBatchPage } from '../openai/batches';
import { OpenAiClient } from '../openai/client';
import { listFilePage } from '../openai/files';
import { listModels } from '../openai/models';
import { statusOf } from '../openai/status';
import type { Batch, FileObject, ListPage } from '../openai/types';

const PAGE_SIZE = 100;

/** The cursor of the next page; the picker asks for it when the user scrolls down. */
function nextPage<T extends { id: string }>(page: ListPage<T>): string | undefined {
	if (!page.has_more || page.data.length === 0) return undefined;
	return page.last_id || page.data[page.data.length - 1].id;
}

function isWanted(name: string, filter: string | undefined): boolean {
	return !filter || name.toLowerCase().includes(filter.toLowerCase());
}

function when(unixSeconds: number | null | undefined): string {
	if (!unixSeconds) return '';
	return new Date(unixSeconds * 1000).toISOString().slice(0, 16).replace('T', ' ');
}

function batchLabel(batch: Batch): string {
	const { total, completed, failed } = batch.request_counts ?? {};
	const done = total ? `${(completed ?? 0) + (failed ?? 0)}/${total}` : '';
	return [when(batch.created_at), statusOf(batch).replace('_', ' '), done, batch.id]
		.filter(Boolean)
		.join(' · ');
}

function fileLabel(file: FileObject): string {
	return [file.filename, file.purpose, when(file.created_at), file.id].filter(Boolean).join(' · ');
}

/** Batches for the picker: newest first, with status and counts. */
export async function searchBatches(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: unknown,
): Promise<INodeListSearchResult> {
	const client = new OpenAiClient(this);
	const after = paginationToken as string | undefined;
	const page = await listBatchPage(client, { after, limit: PAGE_SIZE });
	const results = page.data.map((batch) => ({ name: batchLabel(batch), value: batch.id }));
	return {
		results: results.filter(({ name }) => isWanted(name, filter)),
		paginationToken: nextPage(page),
	};
}

/** Files for the picker: newest first, with their purpose. */
export async function searchFiles(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: unknown,
): Promise<INodeListSearchResult> {
	const client = new OpenAiClient(this);
	const after = paginationToken as string | undefined;
	const page = await listFilePage(client, { after, limit: PAGE_SIZE });
	const results = page.data.map((file) => ({ name: fileLabel(file), value: file.id }));
	return {
		results: results.filter(({ name }) => isWanted(name, filter)),
		paginationToken: nextPage(page),
	};
}

/** Models for the picker, newest first; any other name can be typed instead. */
export async function searchModels(
	this: ILoadOptionsFunctions,
	filter?: string,
): Promise<INodeListSearchResult> {
	const models = await listModels(new OpenAiClient(this));
	const results = models.map(({ id }) => ({ name: id, value: id }));
	return { results: results.filter(({ name }) => isWanted(name, filter)) };
}
