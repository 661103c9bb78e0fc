import type { IExecuteFunctions } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { checkMetadata } from '../shared/metadataChecks';
import type { CreateBatchBody } from '../../openai/api/batches';
import type { CreateMemory, Scope } from '../../openai/submissions/submitted';
import { SUBMISSION_KEY, SUBMISSION_PART } from '../../openai/submissions/submitted';
import { metadataPairs } from '../shared/metadata';

/** The metadata keys that every batch of this node carries. */
export const RESERVED_KEYS = [SUBMISSION_KEY, SUBMISSION_PART];

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** n8n's clock and the server's may differ by this much. */
const CLOCK_SLACK_SECONDS = 10 * MINUTE;

/** How far back a submission key of the user's is looked for. */
const OWN_KEY_SECONDS = 7 * DAY;

/** Older versions of n8n do not tell when an execution began. */
const UNKNOWN_START_SECONDS = DAY;

/**
 * The scope of a submission: a key of the user's, over all executions, or this execution and
 * node. "Retry On Fail" and loops run a node again in the same execution, so they find what was
 * created before; "Retry execution" is a new execution.
 *
 * n8n notes when an execution began: it keeps the time over Wait nodes, and gives a sub-workflow
 * one of its own.
 */
export function submissionScope(context: IExecuteFunctions, ownKey: unknown): Scope {
	const now = Date.now() / 1000;
	const memory = createMemory(context);
	const key = typeof ownKey === 'number' ? String(ownKey) : ownKey;
	if (typeof key === 'string' && key.trim() !== '') {
		return { name: `key:${key.trim()}`, since: Math.floor(now - OWN_KEY_SECONDS), memory };
	}
	const startedAt = context.getExecutionContext?.()?.establishedAt;
	const start = startedAt === undefined ? now - UNKNOWN_START_SECONDS : startedAt / 1000;
	const names = [context.getInstanceId(), context.getExecutionId(), context.getNode().id];
	return { name: names.join(':'), since: Math.floor(start - CLOCK_SLACK_SECONDS), memory };
}

/** The node's own data in this execution, which "Retry On Fail" and loops keep. */
function createMemory(context: IExecuteFunctions): CreateMemory {
	const data = context.getContext('node') as { createdBatches?: CreateMemory };
	return (data.createdBatches ??= {});
}

/**
 * The user's metadata, checked.
 *
 * @param reserved keys that the operation adds itself
 * @throws {NodeOperationError} that names every pair that cannot be sent
 */
export function userMetadata(
	context: IExecuteFunctions,
	itemIndex: number,
	reserved: readonly string[] = RESERVED_KEYS,
): Record<string, string> {
	const pairs = metadataPairs(context.getNodeParameter('metadata', itemIndex, {}));
	const issues = checkMetadata(pairs, { reserved });
	if (issues.length === 0) {
		return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
	}
	throw new NodeOperationError(context.getNode(), issues[0].message, {
		itemIndex,
		description: issues
			.slice(1)
			.map(({ message }) => message)
			.join('<br>'),
	});
}

export interface BatchSettings {
	endpoint: string;
	completionWindow: string;
	metadata: Record<string, string>;
	outputExpiresAfter: number | undefined;
}

/** The body of a create; `part` is `1/3`. */
export function createBody(
	inputFileId: string,
	settings: BatchSettings,
	key: string,
	part: string,
): CreateBatchBody {
	const seconds = settings.outputExpiresAfter;
	return {
		input_file_id: inputFileId,
		endpoint: settings.endpoint,
		completion_window: settings.completionWindow,
		metadata: { ...settings.metadata, [SUBMISSION_KEY]: key, [SUBMISSION_PART]: part },
		...(seconds !== undefined && { output_expires_after: { anchor: 'created_at', seconds } }),
	};
}
