import type { IExecuteFunctions } from 'n8n-workflow';
import type { SubmitOptions } from './submit.options';
import type { BatchSettings } from '../../../openai/api/batches';
import type { OpenAiClient } from '../../../openai/client';
import { rowsSuffix } from '../../../openai/submissions/partFiles';
import type { QueueShare, WaitingPart } from '../../../openai/submissions/queue';
import { EarlierFiles, QueueRoom } from '../../../openai/submissions/queue';
import type { Place } from '../../../openai/submissions/submission';
import { submissionIdIn } from '../../../openai/submissions/submission';
import type {
	ListedPart,
	PartFailure,
	SubmissionPart,
	Submitted,
	UploadedPart,
} from '../../../openai/submissions/submissions';
import { Submissions } from '../../../openai/submissions/submissions';
import type { PlannedPart } from '../../requests/plan';

/** What a planned part is to the service: a file to upload and a batch to create. */
function submissionPart(
	planned: PlannedPart,
	settings: BatchSettings,
	{ fileName, inputExpiresAfter, room }: SubmitOptions,
	place: Place,
): SubmissionPart {
	const { contentHash, open, rows } = planned;
	const { bytes } = planned.part;
	const name = (key: string, more = '') =>
		`${fileName}-${key.slice(-8)}-${place.part}-of-${place.parts}${more}.jsonl`;
	return {
		contentHash,
		input: {
			fileName: (key) => name(key),
			bytes,
			open,
			expiresAfter: inputExpiresAfter,
			rows: rows && {
				// The key says nothing of what is kept, since the same requests are not to be paid twice.
				fileName: (key) => name(key, rowsSuffix(rows.contentHash)),
				bytes: rows.bytes,
				open: rows.open,
			},
		},
		settings,
		place,
		share: room && { ...shareOf(planned), ...room },
	};
}

/** What a part takes of the queue of its model. */
function shareOf({ part, tokens }: PlannedPart): QueueShare {
	return { model: part.model ?? null, tokens: tokens.input_tokens };
}

/** A part as the file of what waits, and the output, have it. */
export function waitingPart(
	{ key, fileId, rowsFileId }: UploadedPart,
	planned: PlannedPart,
	place: Place,
): WaitingPart {
	const { bytes, requests } = planned.part;
	return { key, fileId, rowsFileId, place, ...shareOf(planned), requests, bytes };
}

/** What became of the parts, up to the first one that failed. */
interface Outcome {
	parts: Submitted['parts'];
	failure?: PartFailure;
}

/** Where each of several parts stands. */
export const placeOf = (index: number, parts: readonly unknown[]): Place => ({
	part: index + 1,
	parts: parts.length,
});

/** The parts of a plan, and how their batches are created. */
export interface Submission {
	parts: readonly PlannedPart[];
	settings: BatchSettings;
	options: SubmitOptions;
}

/** Uploads the parts and creates their batches: with a limit of tokens, those that have room. */
export async function createParts(
	context: IExecuteFunctions,
	client: OpenAiClient,
	{ parts, settings, options }: Submission,
): Promise<Outcome> {
	const submissions = new Submissions(client, context, options);
	const submitted = parts.map((part, index) =>
		submissionPart(part, settings, options, placeOf(index, parts)),
	);
	if (options.room) {
		return await createWithin(client, submissions, { parts, submitted, settings, options });
	}
	const { created, failure } = await submissions.createAll(submitted);
	return { parts: created, failure };
}

/** Creates the batches for which there is room. The service holds what waits. */
async function createWithin(
	client: OpenAiClient,
	submissions: Submissions,
	{
		parts,
		submitted,
		settings,
		options: { inputExpiresAfter, room },
	}: Submission & { submitted: readonly SubmissionPart[] },
): Promise<Outcome> {
	const files = new EarlierFiles(client);
	const store = async (listed: readonly ListedPart[]) => {
		const waiting = listed.map(({ batch, index, ...one }): WaitingPart => {
			return { ...waitingPart(one, parts[index], placeOf(index, parts)), batchId: batch?.id };
		});
		const times = listed.flatMap(({ batch }) => (batch ? (batch.created_at ?? 0) : []));
		const head = {
			submissionId: submissionIdIn(listed[0].key),
			hasKey: submissions.isShared,
			since: times.length > 0 ? Math.min(...times) : null,
		};
		return await files.store({ ...head, ...room!, settings, parts: waiting }, inputExpiresAfter);
	};
	const earlier = files.find.bind(files);
	const { parts: results, failures } = await submissions.createWithin(
		{ queue: new QueueRoom([settings.completionWindow]), store },
		submitted.map((part) => ({ ...part, input: { ...part.input, earlier } })),
	);
	return { parts: results, failure: failures[0] };
}
