import type { Check, Contest } from './contest';
import { idOf, type RowKind, type Size } from './node/rows';
import type { Contestant, Sample } from './samples';
import type { Source } from './workflows/package';

export interface Job {
	name: string;
	/** Jobs of the same kind and different sizes. */
	group: string;
	size: Size;
	contestants: Partial<Record<Contestant, () => Promise<Sample>>>;
}

export const FILE_BYTES = 200 * 1024 * 1024;

/** The rows that each source of requests takes. */
const ROWS: Record<Source, RowKind> = {
	constant: 'fields',
	fields: 'fields',
	json: 'json',
	lines: 'lines',
};

const sizeName = ({ rows, bytes }: Size) => `${rows.toLocaleString('en-US')} × ${bytes} B`;

function job(
	group: string,
	size: Size,
	contestants: Job['contestants'],
	name = `${group} ${sizeName(size)}`,
): Job {
	return { name, group, size, contestants };
}

/** Nothing but making the items and saving the execution. */
export const control = (contest: Contest, size: Size): Job => {
	const rows = { operation: 'rows', ...size };
	return job('items alone', size, { control: () => contest.steps(rows, [], () => true) });
};

export function submit(contest: Contest, source: Source, size: Size): Job {
	const { api, floor, packageNode, ownNodes } = contest;
	const kind = ROWS[source];
	const rows = { operation: 'rows', kind, ...size };
	const isWhole: Check = ({ uploaded }) => uploaded === size.rows * size.bytes;
	return job(`submit ${source}`, size, {
		undici: () => contest.limit(() => floor.call('submit', { api, kind, size }), isWhole),
		package: () => contest.steps(rows, packageNode.submit(source, size), isWhole),
		...(source === 'fields' && {
			nodes: () => contest.steps(rows, ownNodes.submit(), isWhole),
		}),
	});
}

/** A finished batch for the jobs that read results. */
export interface FinishedBatch {
	id: string;
	inputFileId: string;
	outputFileId: string;
}

export async function finishedBatch(contest: Contest, size: Size): Promise<FinishedBatch> {
	const { api, emulator, floor } = contest;
	const { batchId } = await floor.call('submit', { api, kind: 'fields', size });
	const batch = await emulator.call('complete', batchId);
	await emulator.call('keep');
	return { id: batchId, inputFileId: batch.input_file_id, outputFileId: batch.output_file_id! };
}

export function results(
	contest: Contest,
	batch: FinishedBatch,
	size: Size,
	isJoined: boolean,
): Job {
	const { api, floor, packageNode, ownNodes } = contest;
	const { id, outputFileId } = batch;
	const inputFileId = isJoined ? batch.inputFileId : undefined;
	const source = { operation: 'begin' };
	const isWhole: Check = ({ items, lastItem }) => {
		const last = lastItem as { custom_id?: string; content?: string; request?: object };
		const isResult = last.custom_id?.startsWith(idOf(0).slice(0, 4)) && !!last.content;
		return items === size.rows && !!isResult && !!last.request === isJoined;
	};
	const files = { api, outputFileId, inputFileId };
	return job(isJoined ? 'results with requests' : 'results', size, {
		undici: () => contest.limit(() => floor.call('results', files), isWhole),
		package: () => contest.steps(source, packageNode.results(id, isJoined), isWhole),
		nodes: () => contest.steps(source, ownNodes.results(outputFileId, inputFileId), isWhole),
	});
}

/** A file of 200 MB, up and down. */
export async function transfers(contest: Contest): Promise<Job[]> {
	const { api, emulator, floor, packageNode, ownNodes } = contest;
	const bytes = FILE_BYTES;
	const size = { rows: 1, bytes };
	const { fileId } = await floor.call('uploadFile', { api, bytes });
	await emulator.call('keep');
	const isUploaded: Check = ({ uploaded }) => uploaded === bytes;
	const isDownloaded: Check = ({ binaryBytes }) => binaryBytes === bytes;
	const file = { operation: 'file', bytes };
	const nothing = { operation: 'begin' };
	const upload: Job['contestants'] = {
		undici: () => contest.limit(() => floor.call('uploadFile', { api, bytes }), isUploaded),
		package: () => contest.steps(file, packageNode.upload(), isUploaded),
		nodes: () => contest.steps(file, ownNodes.upload(), isUploaded),
	};
	const download: Job['contestants'] = {
		undici: () => contest.limit(() => floor.call('downloadFile', { api, fileId }), isDownloaded),
		package: () => contest.steps(nothing, packageNode.download(fileId), isDownloaded),
		nodes: () => contest.steps(nothing, ownNodes.download(fileId), isDownloaded),
	};
	return [
		job('upload', size, upload, 'upload 200 MB'),
		job('download', size, download, 'download 200 MB'),
	];
}

const SOURCES: Source[] = ['constant', 'fields', 'json', 'lines'];

/** From this size on all sources of requests are measured. */
const MANY = 50_000;

/** All jobs for these sizes. */
export async function allJobs(contest: Contest, sizes: Size[]): Promise<Job[]> {
	const jobs: Job[] = [];
	for (const size of sizes) {
		const sources: Source[] = size.rows >= MANY ? SOURCES : ['fields'];
		const batch = await finishedBatch(contest, size);
		jobs.push(
			control(contest, size),
			...sources.map((source) => submit(contest, source, size)),
			results(contest, batch, size, false),
			results(contest, batch, size, true),
		);
	}
	return sizes.some(({ rows }) => rows >= MANY) ? [...jobs, ...(await transfers(contest))] : jobs;
}
