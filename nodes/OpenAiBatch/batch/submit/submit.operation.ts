import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	ISourceData,
} from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { simplifyField, SUBMITTED_FIELDS, SubmittedItems, submittedHint } from '../submittedItem';
import type { Submission } from './createParts';
import { createParts, placeOf, waitingPart } from './createParts';
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
import type { BatchSettings } from '../../../openai/api/batches';
import { unlistedModels } from '../../../openai/api/models';
import type { OpenAiClient } from '../../../openai/client';
import {
	ROWS_FILE_ID,
	SUBMISSION_METADATA,
	SUBMISSION_TOKENS,
} from '../../../openai/submissions/submission';
import type { PartFailure, Submitted } from '../../../openai/submissions/submissions';
import { isCreated } from '../../../openai/submissions/submissions';
import { endpointFields, endpointParameter } from '../../requests/fieldValues';
import type { Plan, PlannedPart, PlanRequests } from '../../requests/plan';
import { badItemOutput, badItemsError, pairedItemsOf, TO_SUBMIT } from '../../requests/plan';
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
		displayName:
			'To get the columns of the file back beside the answers, add the option Keep Fields here, and Include Row in Get Results.',
		name: 'keepNotice',
		type: 'notice',
		displayOptions: { show: { requestSource: ['rowsFile'] } },
		default: '',
	},
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
					'Whether to only show what would be submitted and create nothing. Tokens of the input are estimated from the text, and of inline images by the rules of the model; attachments_not_estimated says how many attachments are left out. The output counts only with Max Tokens, as if every answer used all of them. The cost needs the prices: one that is left out counts as 0. It is an estimate too: cached input, which is cheaper, is known only after the run.',
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
					'Also cuts the submission by estimated tokens, to keep each batch below the enqueued token limit of its model. All unfinished batches count together, so later ones may still fail: use Max Enqueued Tokens, or Retry Unfinished. Attached files, audio and images by URL are not counted.',
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

const modelsOf = (parts: readonly PlannedPart[]) => [
	...new Set(parts.flatMap(({ part }) => part.model ?? [])),
];

const notListed = (model: string) =>
	`The model '${model}' is not in the server's list of models. If its name is wrong, all requests fail, and you can cancel the batch now. Under Model, From List shows the names.`;

/** The settings of all batches. @throws {NodeOperationError} for metadata that is not possible */
function batchSettings(
	context: IExecuteFunctions,
	{ completionWindow, keepFields, outputExpiresAfter, room }: SubmitOptions,
): BatchSettings {
	const endpoint = endpointParameter(context, 0);
	const reserved = [
		...SUBMISSION_METADATA,
		...(room ? [SUBMISSION_TOKENS] : []),
		...(keepFields ? [ROWS_FILE_ID] : []),
	];
	const metadata = userMetadata(context, 0, reserved);
	return { endpoint, completionWindow, metadata, outputExpiresAfter };
}

/** The output items of the parts that have a batch or wait for one, with hints about them. */
function submittedOutput(
	context: IExecuteFunctions,
	client: OpenAiClient,
	results: Submitted['parts'],
	{ parts, settings, options }: Submission,
): INodeExecutionData[] {
	const { completionWindow, endpoint } = settings;
	const items = new SubmittedItems(context, options);
	const output = results.flatMap((one, index): INodeExecutionData[] => {
		if (one === undefined) return [];
		const place = placeOf(index, parts);
		const { requests, bytes, model = null } = parts[index].part;
		const json = isCreated(one)
			? items.created(one, { ...place, requests, bytes, model })
			: items.waiting(waitingPart(one, parts[index], place), endpoint);
		return [{ json, pairedItem: pairedItemsOf(parts[index], sourceOf(context)) }];
	});
	const submitted = output.map(({ json }) => json);
	if (submitted.length > 0) client.hint(submittedHint(submitted, completionWindow));
	return output;
}

/** What would be submitted, with a hint where that would be refused. */
function dryRunOutput(
	context: IExecuteFunctions,
	plan: Plan,
	options: SubmitOptions,
	refused: ReturnType<typeof overCeiling>,
): INodeExecutionData[] {
	if (refused) {
		const message = `The submission would be refused. ${refused.message}. ${refused.description}`;
		context.addExecutionHints({ message, location: 'outputPane' });
	}
	return planOutput(plan, options);
}

async function execute(
	context: IExecuteFunctions,
	client: OpenAiClient,
	planRequests: PlanRequests,
): Promise<INodeExecutionData[][]> {
	const options = submitOptions(context);
	const settings = batchSettings(context, options);
	const { ceilings, dryRun, keepFields, limits } = options;
	const isLimited = Object.values(ceilings).some((max) => max !== undefined);
	const estimate = dryRun || isLimited || options.room !== undefined;
	const server = (await client.provider()) === 'openai' ? 'openai' : 'compatible';
	const { endpoint } = settings;
	const plan = await planRequests(context, { endpoint, server, estimate, limits, keepFields });
	if (plan.isBroken || (plan.badItems.length > 0 && !context.continueOnFail())) {
		throw badItemsError(context, plan, TO_SUBMIT);
	}
	const output = badItemOutput(context, plan, TO_SUBMIT);
	const refused = overCeiling(estimateOf(plan, options), ceilings);
	if (dryRun) return [[...dryRunOutput(context, plan, options, refused), ...output]];
	if (refused) {
		const { message, description } = refused;
		const error = new NodeOperationError(context.getNode(), message, { itemIndex: 0, description });
		if (!context.continueOnFail()) throw error;
		return [[errorItem(error, 0), ...output]];
	}
	const { parts } = plan;
	if (parts.length === 0) return [output];

	// Only who is at work in the editor sees a hint, so published workflows need no such request. It
	// goes beside the others, which do not wait for it.
	const unlisted =
		context.getMode() === 'manual' ? unlistedModels(client, modelsOf(parts)) : undefined;
	const submission = { parts, settings, options };
	const { parts: results, failure } = await createParts(context, client, submission).finally(() =>
		plan.close?.(),
	);
	for (const model of (await unlisted) ?? []) client.hint(notListed(model));
	const batches = submittedOutput(context, client, results, submission);
	if (!failure) return [[...batches, ...output]];
	const error = failedPartError(context, failure, results, parts.length);
	if (!context.continueOnFail()) throw error;
	return [[...batches, errorItem(error, 0), ...output]];
}

/** @param planRequests makes requests of the input, and one plan of them */
export const submitWith = (planRequests: PlanRequests): Operation => ({
	option: {
		name: 'Submit',
		value: 'submit',
		action: 'Submit items as a batch',
		description:
			'Turn all input items, or the files in them, into requests, upload them and create the batches',
	},
	properties: showFor('batch', 'submit', submitProperties),
	output: SUBMITTED_FIELDS,
	execute: forAllItems(async (context, client) => await execute(context, client, planRequests)),
});
