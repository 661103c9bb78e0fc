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

const FILE_BYTES = 200 * 1024 * 1024;

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

/** Only makes the items and saves the execution. */
const control = (contest: Contest, size: Size): Job => {
	const rows = { operation: 'rows', ...size };
	return job('items alone', size, { control: () => contest.steps(rows, [], () => true) });
};

function submit(contest: Contest, source: Source, size: Size): Job {
	const { api, floor, packageNode, ownNodes } = contest;
	const kind = ROWS[source];
	const rows = { operation: 'rows', kind, ...size };
	const isWhole: Check = ({ uploaded }) => uploaded === size.rows * size.bytes;
	return job(`submit ${source}`, size, {
		undici: () => contest.limit(() => floor.submit({ api, kind, size }), isWhole),
		package: () => contest.steps(rows, packageNode.submit(source, size), isWhole),
		...(source === 'fields' && {
			nodes: () => contest.steps(rows, ownNodes.submit(), isWhole),
		}),
	});
}

/** A finished batch for the jobs that read results. */
async function finishedBatch(contest: Contest, size: Size) {
	const { api, emulator, floor } = contest;
	const { batchId } = await floor.submit({ api, kind: 'fields', size });
	const batch = await emulator.complete(batchId);
	await emulator.keep();
	return { id: batchId, inputFileId: batch.input_file_id, outputFileId: batch.output_file_id! };
}

type Prepared<T> = () => Promise<T>;

/** Prepares something once, when it is needed for the first time. */
function once<T>(prepare: Prepared<T>): Prepared<T> {
	let prepared: Promise<T> | undefined;
	return async () => await (prepared ??= prepare());
}

function results(
	contest: Contest,
	batch: Prepared<Awaited<ReturnType<typeof finishedBatch>>>,
	size: Size,
	isJoined: boolean,
): Job {
	const { api, floor, packageNode, ownNodes } = contest;
	const source = { operation: 'nothing' };
	const isWhole: Check = ({ items, lastItem }) => {
		const last = lastItem as { custom_id?: string; content?: string; request?: object };
		const isResult = last.custom_id?.startsWith(idOf(0).slice(0, 4)) && !!last.content;
		return items === size.rows && !!isResult && !!last.request === isJoined;
	};
	const files = async () => {
		const { outputFileId, inputFileId } = await batch();
		return { outputFileId, inputFileId: isJoined ? inputFileId : undefined };
	};
	return job(isJoined ? 'results with requests' : 'results', size, {
		undici: async () => {
			const named = { api, ...(await files()) };
			return await contest.limit(() => floor.results(named), isWhole);
		},
		package: async () => {
			const { id } = await batch();
			return await contest.steps(source, packageNode.results(id, isJoined), isWhole);
		},
		nodes: async () => {
			const { outputFileId, inputFileId } = await files();
			return await contest.steps(source, ownNodes.results(outputFileId, inputFileId), isWhole);
		},
	});
}

/** Images of items as attachments of chat completions. */
function images(contest: Contest, size: Size): Job {
	const { api, floor, packageNode, ownNodes } = contest;
	const source = { operation: 'images', ...size };
	const least = size.rows * Math.ceil(size.bytes / 3) * 4;
	const isWhole: Check = ({ uploaded }) => uploaded > least && uploaded < least * 1.01;
	const name = `images ${size.rows} × ${size.bytes / 1024 ** 2} MB`;
	const contestants: Job['contestants'] = {
		undici: () => contest.limit(() => floor.submitImages({ api, size }), isWhole),
		package: () => contest.steps(source, packageNode.images(), isWhole),
		nodes: () => contest.steps(source, ownNodes.images(), isWhole),
	};
	return job('images', size, contestants, name);
}

const FEW_IMAGES = { rows: 4, bytes: 1024 ** 2 };
const MANY_IMAGES = { rows: 40, bytes: 3 * 1024 ** 2 };

/** A file of 200 MB, up and down. */
function transfers(contest: Contest): Job[] {
	const { api, emulator, floor, packageNode, ownNodes } = contest;
	const bytes = FILE_BYTES;
	const size = { rows: 1, bytes };
	const stored = once(async () => {
		const { fileId } = await floor.uploadFile({ api, bytes });
		await emulator.keep();
		return fileId;
	});
	const isUploaded: Check = ({ uploaded }) => uploaded === bytes;
	const isDownloaded: Check = ({ binaryBytes }) => binaryBytes === bytes;
	const file = { operation: 'file', bytes };
	const nothing = { operation: 'nothing' };
	const upload: Job['contestants'] = {
		undici: () => contest.limit(() => floor.uploadFile({ api, bytes }), isUploaded),
		package: () => contest.steps(file, packageNode.upload(), isUploaded),
		nodes: () => contest.steps(file, ownNodes.upload(), isUploaded),
	};
	const download: Job['contestants'] = {
		undici: async () => {
			const fileId = await stored();
			return await contest.limit(() => floor.downloadFile({ api, fileId }), isDownloaded);
		},
		package: async () =>
			await contest.steps(nothing, packageNode.download(await stored()), isDownloaded),
		nodes: async () =>
			await contest.steps(nothing, ownNodes.download(await stored()), isDownloaded),
	};
	return [
		job('upload', size, upload, 'upload 200 MB'),
		job('download', size, download, 'download 200 MB'),
	];
}

const SOURCES: Source[] = ['constant', 'fields', 'json', 'lines'];

/** From this size on, all sources of requests are measured. */
const MANY = 50_000;

/** All jobs for these sizes. */
export function allJobs(contest: Contest, sizes: Size[]): Job[] {
	const jobs = sizes.flatMap((size) => {
		const sources: Source[] = size.rows >= MANY ? SOURCES : ['fields'];
		const batch = once(async () => await finishedBatch(contest, size));
		return [
			control(contest, size),
			...sources.map((source) => submit(contest, source, size)),
			results(contest, batch, size, false),
			results(contest, batch, size, true),
		];
	});
	return sizes.some(({ rows }) => rows >= MANY)
		? [...jobs, images(contest, MANY_IMAGES), ...transfers(contest)]
		: [...jobs, images(contest, FEW_IMAGES)];
}
