import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { estimateCost } from '../../../jsonl/cost';
import { OpenAiClient } from '../../../openai/http/client';
import { endpointParameter } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { asNodeError, errorItem, showFor } from '../../shared/operation';
import type { Plan } from '../../requests/plan';
import { pairedItemsOf, planItems } from '../../requests/planItems';
import { badItemOutput, badItemsError } from '../../requests/badItems';
import { submitProperties } from './submit.properties';
import type { SubmitOptions } from './submit.options';
import { submitOptions } from './submit.options';
import type { Submitted, SubmittedPart } from './submitParts';
import { submitParts } from './submitParts';
import { submissionScope, userMetadata } from '../submission';

function planOutput({ parts }: Plan, { prices }: SubmitOptions): INodeExecutionData[] {
	return parts.map((planned, index) => {
		const { part, tokens } = planned;
		const cost = estimateCost({ requests: part.requests, ...tokens, prices });
		const size = { model: part.model ?? null, bytes: part.bytes };
		return {
			json: { dry_run: true, part: index + 1, parts: parts.length, ...size, ...cost },
			pairedItem: pairedItemsOf(planned),
		};
	});
}

function batchOutput(part: SubmittedPart, total: number): INodeExecutionData {
	const { batch, planned, key, adopted, number } = part;
	const { requests, bytes } = planned.part;
	const submitted = { part: number, parts: total, requests, bytes, submission_key: key, adopted };
	return {
		json: { ...(batch as unknown as IDataObject), ...submitted },
		pairedItem: pairedItemsOf(planned),
	};
}

/** Says what exists already when a later part failed, since it is paid for. */
function describeFailure(context: IExecuteFunctions, { parts, failure }: Submitted, total: number) {
	const error = asNodeError(context.getNode(), failure, 0);
	if (total > 1) error.message = `Part ${parts.length + 1} of ${total}: ${error.message}`;
	if (parts.length > 0) {
		const created = parts.map(({ batch, number }) => `${batch.id} (${number}/${total})`);
		const again = 'Running this node again in the same execution (Retry On Fail) continues there.';
		error.description = `Created so far: ${created.join(', ')}. ${again} ${error.description ?? ''}`;
		error.context.created_batch_ids = parts.map(({ batch }) => batch.id);
	}
	return error;
}

async function execute(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const options = submitOptions(context);
	const endpoint = endpointParameter(context, 0);
	const { completionWindow, fileName, inputExpiresAfter, outputExpiresAfter } = options;
	const metadata = userMetadata(context, 0);
	const expiries = { inputExpiresAfter, outputExpiresAfter };
	const settings = { endpoint, completionWindow, metadata, fileName, ...expiries };
	const { dryRun: estimate, limits } = options;
	const plan = await planItems(context, { endpoint, estimate, limits });
	const { parts, badItems } = plan;
	if (badItems.length > 0 && !context.continueOnFail()) {
		throw badItemsError(context, badItems, context.getInputData().length);
	}
	const output = badItems.map((badItem) => badItemOutput(context, badItem));
	if (options.dryRun) return [[...planOutput(plan, options), ...output]];
	if (parts.length === 0) return [output];

	const client = new OpenAiClient(context, { itemIndex: 0 });
	const scope = submissionScope(context, options.submissionKey);
	const submitted = await submitParts(client, parts, scope, settings);
	const created = submitted.parts.map((part) => batchOutput(part, parts.length));
	if (submitted.failure === undefined) return [[...created, ...output]];
	const error = describeFailure(context, submitted, parts.length);
	if (!context.continueOnFail()) throw error;
	return [[...created, errorItem(error, 0), ...output]];
}

export const submit: Operation = {
	option: {
		name: 'Submit',
		value: 'submit',
		action: 'Submit items as a batch',
		description: 'Turn all input items into requests, upload them and create the batches',
	},
	properties: showFor('batch', 'submit', submitProperties),
	execute,
};
