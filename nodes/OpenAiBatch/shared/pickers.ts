import { DateTime } from 'luxon';
import type {
	ILoadOptionsFunctions,
	INodeListSearchItems,
	INodeListSearchResult,
} from 'n8n-workflow';
import { listBatchPage } from '../../openai/api/batches';
import { listFilePage } from '../../openai/api/files';
import { listModels } from '../../openai/api/models';
import type { Batch, FileObject, ListPage, PageStart } from '../../openai/api/objects';
import { isFinished, nextPage, statusOf } from '../../openai/api/objects';
import { HttpClient } from '../../openai/http/httpClient';
import { isRowsFile } from '../../openai/submissions/partFiles';
import { queueOf } from '../../openai/submissions/queue';
import {
	NODE_METADATA,
	placeOf,
	placeText,
	submissionIdOf,
} from '../../openai/submissions/submission';

const PAGE_SIZE = 100;

/** How many pages are read for a search before the user sees what was found so far. */
const MAX_SEARCHED_PAGES = 10;

function isWanted(name: string, filter: string | undefined): boolean {
	return !filter || name.toLowerCase().includes(filter.toLowerCase());
}

/** A time by which the user can tell entries apart, in the workflow's time zone. */
function when(unixSeconds: number | null | undefined, zone: string): string {
	return unixSeconds
		? DateTime.fromSeconds(unixSeconds, { zone }).toFormat('yyyy-MM-dd HH:mm')
		: '';
}

/** The metadata that the user gave a batch, by which it is known best. */
function userPairs({ metadata }: Batch): string {
	const pairs = Object.entries(metadata ?? {}).filter(([key]) => !NODE_METADATA.includes(key));
	return pairs.map(([key, value]) => `${key}=${value}`).join(', ');
}

function batchLabel(batch: Batch, zone: string): string {
	const { total, completed, failed } = batch.request_counts ?? {};
	const done = total ? `${(completed ?? 0) + (failed ?? 0)}/${total}` : '';
	const place = placeOf(batch);
	const part = place && place.parts > 1 ? `part ${placeText(place)}` : '';
	const submission = part && `submission ${submissionIdOf(batch) ?? ''}`;
	const status = statusOf(batch).replace('_', ' ');
	return [when(batch.created_at, zone), userPairs(batch), status, done, part, submission, batch.id]
		.filter(Boolean)
		.join(' · ');
}

function fileLabel(file: FileObject, zone: string): string {
	return [file.filename, file.purpose, when(file.created_at, zone), file.id]
		.filter(Boolean)
		.join(' · ');
}

/** Where the page begins that n8n asks for, with the token of the page before. */
function startOf(paginationToken: unknown): PageStart | undefined {
	return typeof paginationToken === 'string' ? (JSON.parse(paginationToken) as PageStart) : {};
}

interface Search<T> {
	fetchPage: (page: PageStart & { limit: number }) => Promise<ListPage<T>>;
	label: (entry: T, zone: string) => string;
	/** Which entries are in the list; without it, all are. */
	isOffered?: (entry: T) => boolean;
}

/**
 * A page of the picker. The API has no search, so a page may contain no match, and the picker
 * would stop there. Pages are therefore read until one contains a match.
 */
async function search<T extends { id: string }>(
	context: ILoadOptionsFunctions,
	{ fetchPage, label, isOffered = () => true }: Search<T>,
	filter: string | undefined,
	paginationToken: unknown,
): Promise<INodeListSearchResult> {
	const zone = context.getTimezone();
	let start = startOf(paginationToken);
	let results: INodeListSearchItems[] = [];
	for (let pages = 0; start && pages < MAX_SEARCHED_PAGES && results.length === 0; pages++) {
		const page: ListPage<T> = await fetchPage({ ...start, limit: PAGE_SIZE });
		results = page.data
			.filter(isOffered)
			.map((entry) => ({ name: label(entry, zone), value: entry.id }))
			.filter(({ name }) => isWanted(name, filter));
		start = nextPage(page, PAGE_SIZE);
	}
	return { results, paginationToken: start && JSON.stringify(start) };
}

/** A search of batches, newest first, with the user's metadata, status and counts. */
const batchSearch = (isOffered?: (batch: Batch) => boolean) =>
	async function (
		this: ILoadOptionsFunctions,
		filter?: string,
		paginationToken?: unknown,
	): Promise<INodeListSearchResult> {
		const client = new HttpClient(this);
		const fetchPage: Search<Batch>['fetchPage'] = async (page) => await listBatchPage(client, page);
		return await search(this, { fetchPage, label: batchLabel, isOffered }, filter, paginationToken);
	};

/** All batches, for the picker. */
export const searchBatches = batchSearch();

/** The batches that can be cancelled. */
export const searchRunningBatches = batchSearch(
	(batch) => !isFinished(batch) && statusOf(batch) !== 'cancelling',
);

/** Files for the picker: newest first, with their purpose. */
export async function searchFiles(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: unknown,
): Promise<INodeListSearchResult> {
	const client = new HttpClient(this);
	const fetchPage: Search<FileObject>['fetchPage'] = async (page) =>
		await listFilePage(client, page);
	return await search(this, { fetchPage, label: fileLabel }, filter, paginationToken);
}

const INPUT_PURPOSE = 'batch';

/** Kept rows and lists of waiting parts have the purpose of input files, and no batch can run them. */
function mayBeInput(file: FileObject): boolean {
	// Some servers do not filter by purpose, and some do not say it.
	const isBatchFile = (file.purpose ?? INPUT_PURPOSE) === INPUT_PURPOSE;
	return isBatchFile && !isRowsFile(file) && queueOf(file) === undefined;
}

/** Files that a batch can be created from, for the picker: newest first. */
export async function searchInputFiles(
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: unknown,
): Promise<INodeListSearchResult> {
	const client = new HttpClient(this);
	const fetchPage: Search<FileObject>['fetchPage'] = async (page) =>
		await listFilePage(client, { ...page, purpose: INPUT_PURPOSE });
	const wanted = { fetchPage, label: fileLabel, isOffered: mayBeInput };
	return await search(this, wanted, filter, paginationToken);
}

/** Models for the picker, newest first. Any other name can be typed. */
export async function searchModels(
	this: ILoadOptionsFunctions,
	filter?: string,
): Promise<INodeListSearchResult> {
	const models = await listModels(new HttpClient(this));
	const results = models.map(({ id }) => ({ name: id, value: id }));
	return { results: results.filter(({ name }) => isWanted(name, filter)) };
}
