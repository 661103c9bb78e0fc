import { createHash } from 'crypto';
import type { OpenAiClient } from '../../../openai/http/client';
import type { Created } from '../../../openai/submissions/safeCreate';
import { createFailed, createSafely } from '../../../openai/submissions/safeCreate';
import { uploadSafely } from '../../../openai/submissions/uploads';
import type { Scope } from '../../../openai/submissions/submitted';
import {
	findSubmitted,
	isAdoptable,
	submissionKey,
	tellRemembered,
} from '../../../openai/submissions/submitted';
import type { Batch, FileObject } from '../../../openai/api/types';
import type { Selection } from './retrySelection';
import type { BatchSettings } from '../submission';
import { createBody } from '../submission';
import { abandoned } from '../submit/submitParts';

export interface RetryContext {
	client: OpenAiClient;
	original: Batch;
	inputFile: FileObject;
	scope: Scope;
	settings: BatchSettings & { inputExpiresAfter: number | undefined };
}

export interface Retried extends Created {
	key: string;
}

/** A name of this content's own, by which a lost upload is found again. */
function fileNameFor({ filename }: FileObject, key: string): string {
	const name = (filename || 'n8n-batch').replace(/\.jsonl$/i, '').replace(/-retry-\w{8}$/, '');
	return `${name}-retry-${key.slice(0, 8)}.jsonl`;
}

/** The key of a retry, and the batches that carry it already. */
async function lookUp({ client, original, scope }: RetryContext, content: string) {
	const hash = createHash('sha256').update(`${original.id}\n${content}`).digest('hex');
	const key = submissionKey(scope.name, hash);
	const known = await findSubmitted(client, new Set([key]), scope);
	return { key, known, existing: known.find(isAdoptable) };
}

/** Uploads the chosen requests and creates a batch of them, unless this scope has done so. */
export async function retryRequests(
	context: RetryContext,
	{ bytes, contentHash, open }: Selection,
): Promise<Retried> {
	const { client, inputFile, scope, settings } = context;
	const { key, known, existing } = await lookUp(context, contentHash);
	if (existing) return { batch: existing, adopted: true, key };
	const fileName = fileNameFor(inputFile, key);
	const file = await uploadSafely(client, {
		source: { fileName, contentType: 'application/jsonl', bytes, open },
		purpose: 'batch',
		expiresAfterSeconds: settings.inputExpiresAfter,
	}).catch((error: unknown) => {
		throw tellRemembered(error, new Set([key]), scope.memory);
	});
	const body = createBody(file.id, settings, key, '1/1');
	const result = await createSafely(client, { body, key, scope, known });
	if (result.ok) return { ...result.value, key };
	throw await abandoned(client, file.id, result, key);
}

/** Creates a batch from the very same file, unless this scope has done so. */
export async function retryFile(context: RetryContext): Promise<Retried> {
	const { client, inputFile, scope, settings } = context;
	const { key, known, existing } = await lookUp(context, inputFile.id);
	if (existing) return { batch: existing, adopted: true, key };
	const body = createBody(inputFile.id, settings, key, '1/1');
	const result = await createSafely(client, { body, key, scope, known });
	if (result.ok) return { ...result.value, key };
	throw client.error(result.fault, createFailed(result.fault, key));
}
