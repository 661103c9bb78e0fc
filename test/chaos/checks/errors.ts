import { inspect } from 'node:util';
import type { WireBatch } from '../../support/emulator/batches/batch';
import type { FileObject } from '../../../nodes/openai/api/objects';
import type { Act } from '../start';
import { exists, type World } from '../world';

/** What an operation left at the service before it failed. */
interface LeftBehind {
	uploads: FileObject[];
	batches: WireBatch[];
}

interface NodeError extends Error {
	description?: string | null;
	context?: { itemIndex?: unknown };
}

/** Words that only a program would write. */
const GARBLED =
	/\bundefined\b|\[object |[Cc]annot read prop|is not a function|\bNaN\b|[Uu]nexpected token/;

/** An error has to name the item, and what exists at the service because of the operation. */
export function checkError(world: World, act: Act, thrown: unknown, left: LeftBehind): void {
	const error = thrown as NodeError;
	const text = `${error.message} ${error.description ?? ''}`;
	const wrong = (why: string, more: unknown = {}) =>
		world.broken('errors say what happened', { why, act: act.operation, text, more });
	if (!/^Node(Api|Operation)Error$/.test(error.name)) wrong(`it is a ${inspect(error)}`);
	if (error.message.trim() === '' || GARBLED.test(text)) wrong('it is not for people');
	if (typeof error.context?.itemIndex !== 'number' && !/cancelled/.test(text)) {
		wrong('it names no item');
	}
	for (const { id, metadata, status } of left.batches) {
		// Validation has refused it in the meantime: none of it ran or will run, and it was made again.
		if (status === 'failed') continue;
		const key = metadata?.submission_key ?? id;
		if (text.includes(id) || text.includes(key)) continue;
		// It was given up for one of the same content, or its user has cancelled it in the meantime and it
		// was made again: that one is named.
		const isMadeAgain = world.emulator.ledger.batches.some(
			(other) => other.metadata?.submission_key === key && text.includes(other.id),
		);
		if (isMadeAgain && /^cancel/.test(status)) continue;
		wrong(`it does not name batch ${id}`);
	}
	const used = new Set([
		...left.batches.map(({ input_file_id }) => input_file_id),
		...writtenDown(world),
	]);
	const named = left.uploads.filter(
		({ id, filename }) => used.has(id) || text.includes(id) || text.includes(filename!),
	);
	// A second copy of a file whose first upload had no answer goes by the same name.
	const names = new Set(named.map(({ filename }) => filename));
	// The parts of a submission that could not be written down are used by the next run.
	if (text.includes('uses the files that are uploaded')) return;
	for (const { id, filename } of left.uploads) {
		if (exists(world, id) && !names.has(filename)) wrong(`it does not name file ${id}`);
	}
}

/** The files of parts that wait, and the lists of them, which Submit Waiting Parts finds by itself. */
function writtenDown(world: World): string[] {
	const { emulator } = world;
	const lists = emulator.ledger.uploads.filter(
		({ id, filename }) => /^n8n-submission-/.test(filename!) && exists(world, id),
	);
	return lists.flatMap(({ id }) => {
		const lines = emulator.file(id).text().trim().split('\n').slice(1);
		return [id, ...lines.map((line) => (JSON.parse(line) as { fileId: string }).fileId)];
	});
}
