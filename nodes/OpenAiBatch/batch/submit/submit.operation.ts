import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	ISourceData,
} from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { simplifyField, SUBMITTED_FIELDS, submittedHint } from '../submittedItem';
import type { SubmissionEstimate, SubmitOptions } from './submit.options';
import {
	ceilingFields,
	keepFieldsField,
	maxCostField,
	maxTotalTokensField,
	overCeiling,
	submitOptions,
} from './submit.options';
import { addTokens, NO_TOKENS } from '../../../endpoints';
import { MAX_BYTES } from '../../../jsonl/lines';
import { MAX_REQUESTS } from '../../../jsonl/split';
import type { OpenAiClient } from '../../../openai/client';
import { rowsSuffix } from '../../../openai/submissions/partFiles';
import type { QueueShare, WaitingPart } from '../../../openai/submissions/queue';
import { EarlierFiles, QueueRoom } from '../../../openai/submissions/queue';
import type { Place } from '../../../openai/submissions/submission';
import {
	ROWS_FILE_ID,
	SUBMISSION_METADATA,
	SUBMISSION_TOKENS,
	submissionIdIn,
} from '../../../openai/submissions/submission';
import type { BatchSettings } from '../../../openai/api/batches';
import { unlistedModels } from '../../../openai/api/models';
import type {
	ListedPart,
	PartFailure,
	SubmissionPart,
	Submitted,
	UploadedPart,
} from '../../../openai/submissions/submissions';
import { isCreated, Submissions } from '../../../openai/submissions/submissions';
import { endpointFields, endpointParameter } from '../../requests/fieldValues';
import type { Plan, PlannedPart } from '../../requests/plan';
import { badItemOutput, badItemsError, pairedItemsOf } from '../../requests/plan';
import { planRequests } from '../../requests/itemPlan';
import { requestFields } from '../../requests/request.properties';
import {
	completionWindowField,
	createWithoutSearchField,
	ignoreOtherBatchesField,
	inputExpiryField,
	maxEnqueuedTokensField,
	outputExpiryField,
	submissionKeyField,
	userMetadata,
} from '../../shared/batchOptions';
import { metadataField, optionsField } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { asNodeError, errorItem, forAllItems, showFor } from '../../shared/operation';
import { estimateCost, inputPriceField, outputPriceField } from '../../shared/prices';

const PRICE_DESCRIPTION = 'Without the batch discount; for the estimates of Dry Run and Max Cost';

/** The fields of Submit, by the order in which they are needed. */
export const submitProperties: INodeProperties[] = [
	{
		displayName:
			'Each call of this tool submits one request, as a batch of its own. To let an agent submit many rows, give it a workflow with this node as a tool.',
		name: 'toolNotice',
		type: 'notice',
		displayOptions: { show: { '@tool': [true] } },
		default: '',
	},
	...endpointFields,
	...requestFields,
	metadataField,
	{
		...optionsField,
		options: [
			completionWindowField,
			createWithoutSearchField,
			{
				displayName: 'Dry Run',
				name: 'dryRun',
				type: 'boolean',
				default: true,
				description:
					'Whether to only show what would be submitted and create nothing. Tokens of the input are estimated from the text, and of inline images by the rules of the model; attachments_not_estimated says how many attachments are left out. The output counts only with Max Tokens, as if every answer used all of them. The cost needs both prices, and is an estimate too: cached input, which is cheaper, is known only after the run.',
			},
			{
				displayName: 'File Name',
				name: 'fileName',
				type: 'string',
				default: '',
				placeholder: 'e.g. films',
				description: 'The beginning of the name of the uploaded files',
			},
			ignoreOtherBatchesField,
			inputExpiryField,
			{ ...inputPriceField, description: PRICE_DESCRIPTION },
			keepFieldsField,
			{
				displayName: 'Max Bytes per Batch',
				name: 'maxBytesPerBatch',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: MAX_BYTES,
				description: 'Larger submissions become several batches',
			},
			maxCostField,
			maxEnqueuedTokensField,
			{
				displayName: 'Max Requests per Batch',
				name: 'maxRequestsPerBatch',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: MAX_REQUESTS,
				description: 'Larger submissions become several batches',
			},
			{
				displayName: 'Max Tokens per Batch',
				name: 'maxTokensPerBatch',
				type: 'number',
				typeOptions: { minValue: 1 },
				default: 2000000,
				description:
					'Cut by estimated tokens too, to keep each batch below the enqueued token limit of its model. All unfinished batches count together, so later ones may still fail: use Max Enqueued Tokens, or Retry Unfinished. Attached files, audio and images by URL are not counted.',
			},
			maxTotalTokensField,
			outputExpiryField,
			{ ...outputPriceField, description: PRICE_DESCRIPTION },
			simplifyField,
			submissionKeyField(
				'e.g. films-2026-11',
				'The same content under the same key is submitted once in seven days, also over several executions: the batch that exists is returned. Changed content is new. Without a key, content is submitted once in an execution: running the workflow again pays again.',
			),
		],
	},
];

/** All parts together, by the estimate. */
function estimateOf({ parts }: Plan, { prices }: SubmitOptions): SubmissionEstimate {
	const tokens = parts.map((planned) => planned.tokens).reduce(addTokens, NO_TOKENS);
	const requests = parts.reduce((sum, { part }) => sum + part.requests, 0);
	return { ...tokens, requests, prices };
}

function planOutput(plan: Plan, options: SubmitOptions): INodeExecutionData[] {
	const whole = ceilingFields(estimateCost(estimateOf(plan, options)), options.ceilings);
	return plan.parts.map((planned, index, parts) => {
		const { part, tokens } = planned;
		const { prices } = options;
		const cost = estimateCost({ requests: part.requests, ...tokens, prices });
		const size = {
			model: part.model ?? null,
			bytes: part.bytes,
			...(planned.rows && { rows_bytes: planned.rows.bytes }),
		};
		return {
			json: { dry_run: true, part: index + 1, parts: parts.length, ...size, ...cost, ...whole },
			pairedItem: pairedItemsOf(planned),
		};
	});
}

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
function waitingPart(
	{ key, fileId, rowsFileId }: UploadedPart,
	planned: PlannedPart,
	place: Place,
): WaitingPart {
	const { bytes, requests } = planned.part;
	return { key, fileId, rowsFileId, place, ...shareOf(planned), requests, bytes };
}

/** The error of the part that failed, which names the batches that exist, since they are paid for. */
function failedPartError(
	context: IExecuteFunctions,
	{ error: failure, index: failed }: PartFailure,
	parts: Submitted['parts'],
	total: number,
) {
	const error = asNodeError(context.getNode(), failure, 0);
	if (total > 1) error.message = `Part ${failed + 1} of ${total}: ${error.message}`;
	const created = parts.flatMap((one, index) => (isCreated(one) ? { ...one.batch, index } : []));
	if (created.length > 0) {
		const names = created.map(({ id, index }) => `${id} (${index + 1}/${total})`);
		const again = 'Running this node again in the same execution (Retry On Fail) continues there.';
		error.description = `Created so far: ${names.join(', ')}. ${again} ${error.description ?? ''}`;
		error.context.created_batch_ids = created.map(({ id }) => id);
	}
	return error;
}

/** Where the input items came from; undefined for a tool, which no node is connected to. */
function sourceOf(context: IExecuteFunctions): ISourceData | undefined {
	try {
		return context.getInputSourceData();
	} catch {
		return undefined;
	}
}

async function execute(
	context: IExecuteFunctions,
	client: OpenAiClient,
): Promise<INodeExecutionData[][]> {
	const options = submitOptions(context);
	const endpoint = endpointParameter(context, 0);
	const { completionWindow, keepFields, outputExpiresAfter } = options;
	const reserved = [
		...SUBMISSION_METADATA,
		...(options.room ? [SUBMISSION_TOKENS] : []),
		...(keepFields ? [ROWS_FILE_ID] : []),
	];
	const metadata = userMetadata(context, 0, reserved);
	const settings: BatchSettings = { endpoint, completionWindow, metadata, outputExpiresAfter };
	const { ceilings, dryRun, limits } = options;
	const isLimited = Object.values(ceilings).some((max) => max !== undefined);
	const estimate = dryRun || isLimited || options.room !== undefined;
	const server = (await client.provider()) === 'openai' ? 'openai' : 'compatible';
	const plan = await planRequests(context, { endpoint, server, estimate, limits, keepFields });
	const { parts } = plan;
	if (plan.isBroken || (plan.badItems.length > 0 && !context.continueOnFail())) {
		throw badItemsError(context, plan);
	}
	const output = badItemOutput(context, plan);
	const refused = overCeiling(estimateOf(plan, options), ceilings);
	if (dryRun) {
		if (refused) {
			const message = `The submission would be refused. ${refused.message}. ${refused.description}`;
			context.addExecutionHints({ message, location: 'outputPane' });
		}
		return [[...planOutput(plan, options), ...output]];
	}
	if (refused) {
		const error = new NodeOperationError(context.getNode(), refused.message, {
			itemIndex: 0,
			description: refused.description,
		});
		if (!context.continueOnFail()) throw error;
		return [[errorItem(error, 0), ...output]];
	}
	if (parts.length === 0) return [output];

	const submissions = new Submissions(client, context, options);
	const placeOf = (index: number) => ({ part: index + 1, parts: parts.length });
	const submitted = parts.map((part, index) =>
		submissionPart(part, settings, options, placeOf(index)),
	);
	// Only who is at work in the editor sees a hint, so published workflows need no such request. It
	// goes beside the others, which do not wait for it.
	const unlisted =
		context.getMode() === 'manual' ? unlistedModels(client, modelsOf(parts)) : undefined;
	const { parts: results, failure } = options.room
		? await createWithin(client, submissions, { parts, submitted, settings, options })
		: await createAll(submissions, submitted);
	for (const model of (await unlisted) ?? []) client.hint(notListed(model));
	const batches = results.flatMap((one, index): INodeExecutionData[] => {
		if (one === undefined) return [];
		const { requests, bytes, model = null } = parts[index].part;
		const json = isCreated(one)
			? options.items.created(one, { ...placeOf(index), requests, bytes, model })
			: options.items.waiting(waitingPart(one, parts[index], placeOf(index)), endpoint);
		return [{ json, pairedItem: pairedItemsOf(parts[index], sourceOf(context)) }];
	});
	if (batches.length > 0) {
		client.hint(
			submittedHint(
				batches.map(({ json }) => json),
				completionWindow,
			),
		);
	}
	if (!failure) return [[...batches, ...output]];
	const error = failedPartError(context, failure, results, parts.length);
	if (!context.continueOnFail()) throw error;
	return [[...batches, errorItem(error, 0), ...output]];
}

const modelsOf = (parts: readonly PlannedPart[]) => [
	...new Set(parts.flatMap(({ part }) => part.model ?? [])),
];

const notListed = (model: string) =>
	`The model '${model}' is not in the server's list of models. If its name is wrong, all requests fail, and you can cancel the batch now. Under Model, From List shows the names.`;

interface Outcome {
	parts: Submitted['parts'];
	failure?: PartFailure;
}

async function createAll(
	submissions: Submissions,
	submitted: readonly SubmissionPart[],
): Promise<Outcome> {
	const { created, failure } = await submissions.createAll(submitted);
	return { parts: created, failure };
}

interface Submission {
	parts: readonly PlannedPart[];
	submitted: readonly SubmissionPart[];
	settings: BatchSettings;
	options: SubmitOptions;
}

/** Creates the batches for which there is room. The service holds what waits. */
async function createWithin(
	client: OpenAiClient,
	submissions: Submissions,
	{ parts, submitted, settings, options: { inputExpiresAfter, room } }: Submission,
): Promise<Outcome> {
	const files = new EarlierFiles(client);
	const store = async (listed: readonly ListedPart[]) => {
		const waiting = listed.map(({ batch, index, ...one }): WaitingPart => {
			const place = { part: index + 1, parts: parts.length };
			return { ...waitingPart(one, parts[index], place), batchId: batch?.id };
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

export const submit: Operation = {
	option: {
		name: 'Submit',
		value: 'submit',
		action: 'Submit items as a batch',
		description:
			'Turn all input items, or the files in them, into requests, upload them and create the batches',
	},
	properties: showFor('batch', 'submit', submitProperties),
	output: SUBMITTED_FIELDS,
	execute: forAllItems(execute),
};
