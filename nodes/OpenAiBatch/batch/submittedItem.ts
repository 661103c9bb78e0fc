import { DateTime } from 'luxon';
import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { createdItem } from './batchItems';
import { isFinished } from '../../openai/api/objects';
import type { WaitingPart } from '../../openai/submissions/queue';
import type { CreatedBatch, Place } from '../../openai/submissions/submission';
import { submissionIdIn } from '../../openai/submissions/submission';
import type { FieldsOf } from '../shared/outputFields';
import { amount, inOrder, objectOrNull, text, textOrNull, yesOrNo } from '../shared/outputFields';

/** A part of a submission: a batch, or what waits to become one. */
interface SubmittedItem {
	/** Null while the part waits. */
	id: string | null;
	status: string;
	requests: number;
	part: number;
	parts: number;
	model: string | null;
	endpoint: string | null;
	bytes: number;
	input_file_id: string | null;
	/** ISO dates in the time zone of the workflow. */
	created_at: string | null;
	expires_at: string | null;
	metadata: Record<string, string> | null;
	submission_id: string;
	submission_key: string;
	adopted: boolean;
	/** Of a part that waits. The metadata of a batch has both. */
	rows_file_id?: string;
	estimated_tokens?: number;
}

/** The fields of a part of a submission, with Simplify. */
export const SUBMITTED_FIELDS: FieldsOf<SubmittedItem> = {
	id: textOrNull,
	status: text,
	requests: amount,
	part: amount,
	parts: amount,
	model: textOrNull,
	endpoint: textOrNull,
	bytes: amount,
	input_file_id: textOrNull,
	created_at: textOrNull,
	expires_at: textOrNull,
	metadata: objectOrNull({}),
	submission_id: text,
	submission_key: text,
	adopted: yesOrNo,
	rows_file_id: text,
	estimated_tokens: amount,
};

export const simplifyField: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description:
		'Whether to return only the fields that most workflows need, with times as dates. When turned off, each item has all fields of its batch, with times as the service sends them: in seconds since 1970.',
};

/** What is known of a part before it has a batch. */
interface PartFacts extends Place {
	requests: number;
	bytes: number;
	model: string | null;
}

/** How the items of a submission are made. */
export class SubmittedItems {
	private readonly simplify: boolean;
	private readonly zone: string;

	/** @param options as the panel gives them */
	constructor(context: IExecuteFunctions, { simplify }: { simplify?: unknown }) {
		this.simplify = simplify !== false;
		this.zone = context.getTimezone();
	}

	/** The JSON of a part that has a batch. A new batch does not say its model yet. */
	created(created: CreatedBatch, { model, ...facts }: PartFacts): IDataObject {
		if (!this.simplify) return createdItem(created, { ...facts });
		const { batch, key, adopted } = created;
		return this.simplified({
			...facts,
			id: batch.id,
			status: batch.status,
			model: batch.model ?? model,
			endpoint: batch.endpoint ?? null,
			input_file_id: batch.input_file_id ?? null,
			created_at: this.date(batch.created_at),
			expires_at: this.date(batch.expires_at),
			metadata: batch.metadata ?? null,
			submission_id: submissionIdIn(key),
			submission_key: key,
			adopted,
		});
	}

	/** The JSON of a part that waits. It has the same fields in either case. */
	waiting(
		{ key, fileId, rowsFileId, place, model, requests, bytes, tokens }: WaitingPart,
		endpoint: string,
	): IDataObject {
		return this.simplified({
			id: null,
			status: 'waiting',
			requests,
			...place,
			model,
			endpoint,
			bytes,
			input_file_id: fileId,
			created_at: null,
			expires_at: null,
			metadata: null,
			submission_id: submissionIdIn(key),
			submission_key: key,
			adopted: false,
			...(rowsFileId !== undefined && { rows_file_id: rowsFileId }),
			estimated_tokens: tokens,
		});
	}

	private simplified(item: SubmittedItem): IDataObject {
		return inOrder(SUBMITTED_FIELDS, item) as unknown as IDataObject;
	}

	private date(unixSeconds: number | null | undefined): string | null {
		if (typeof unixSeconds !== 'number') return null;
		const { zone } = this;
		return DateTime.fromSeconds(unixSeconds, { zone }).toISO({ suppressMilliseconds: true });
	}
}

const count = (number: number, one: string, many: string) =>
	`${number} ${number === 1 ? one : many}`;

/** A completion window in words: `24h` as '24 hours'. */
const spelledOut = (window: string) =>
	window.replace(/^(\d+)h$/, (_, hours) => count(Number(hours), 'hour', 'hours'));

/**
 * How many requests are on their way, and how the workflow continues.
 *
 * @param items the JSON of all parts
 * @param completionWindow as the service has it: `24h`
 */
export function submittedHint(items: readonly IDataObject[], completionWindow: string): string {
	const created = items.filter(({ id }) => id !== null);
	const requests = created.reduce((sum, item) => sum + Number(item.requests), 0);
	const batches = count(created.length, 'batch', 'batches');
	const sentences = [`${count(requests, 'request', 'requests')} in ${batches}.`];
	if (created.some(({ status }) => !isFinished({ status: String(status) }))) {
		sentences.push(
			'The results come within minutes or hours.',
			`The service has ${spelledOut(completionWindow)} for this.`,
			'Continue with Wait for Completion in this workflow, or with the OpenAI Batch Trigger in another one.',
		);
	} else if (created.length > 0) {
		const have = created.length === 1 ? 'It has' : 'They have';
		sentences.push(`${have} ended already. Continue with Get Results.`);
	}
	const waiting = items.length - created.length;
	if (waiting > 0) {
		const parts = count(waiting, 'part waits', 'parts wait');
		sentences.push(
			`${parts} for room under Max Enqueued Tokens: Submit Waiting Parts creates ${waiting === 1 ? 'its batch' : 'their batches'}.`,
		);
	}
	return sentences.join(' ');
}
