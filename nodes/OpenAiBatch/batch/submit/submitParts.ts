import type { OpenAiClient } from '../../../openai/http/client';
import type { Result } from '../../../openai/http/fault';
import { deleteFile } from '../../../openai/api/files';
import type { Created } from '../../../openai/submissions/safeCreate';
import { createFailed, createSafely } from '../../../openai/submissions/safeCreate';
import { uploadSafely } from '../../../openai/submissions/uploads';
import type { Scope } from '../../../openai/submissions/submitted';
import {
	findSubmitted,
	isAdoptable,
	keyOf,
	submissionKey,
	tellRemembered,
} from '../../../openai/submissions/submitted';
import type { Batch } from '../../../openai/api/types';
import type { PlannedPart } from '../../requests/plan';
import type { BatchSettings } from '../submission';
import { createBody } from '../submission';

export interface SubmitSettings extends BatchSettings {
	inputExpiresAfter: number | undefined;
	/** Without its ending. */
	fileName: string;
}

export interface SubmittedPart extends Created {
	planned: PlannedPart;
	key: string;
	/** From 1. */
	number: number;
}

export interface Submitted {
	/** What exists at the service, and is paid for, also when a later part failed. */
	parts: SubmittedPart[];
	failure?: unknown;
}

/**
 * Uploads and creates one batch per part. Parts that exist already, from an earlier run of this
 * scope, are found by their keys first and adopted.
 * The first part that fails ends it.
 */
export async function submitParts(
	client: OpenAiClient,
	planned: PlannedPart[],
	scope: Scope,
	settings: SubmitSettings,
): Promise<Submitted> {
	const keys = planned.map((part) => submissionKey(scope.name, part.contentHash));
	const found = await findSubmitted(client, new Set(keys), scope);
	const done: SubmittedPart[] = [];
	for (const [index, part] of planned.entries()) {
		const key = keys[index];
		const known = found.filter((batch) => keyOf(batch) === key);
		const existing = known.find(isAdoptable);
		const place = { planned: part, key, number: index + 1 };
		try {
			const created = existing
				? { batch: existing, adopted: true }
				: await submitPart(client, place, planned.length, known, scope, settings);
			done.push({ ...place, ...created });
		} catch (error) {
			return { parts: done, failure: error };
		}
	}
	return { parts: done };
}

async function submitPart(
	client: OpenAiClient,
	{ planned, key, number }: Pick<SubmittedPart, 'planned' | 'key' | 'number'>,
	total: number,
	known: Batch[],
	scope: Scope,
	settings: SubmitSettings,
): Promise<Created> {
	// The key makes the name this content's own, by which a lost upload is found again.
	const fileName = `${settings.fileName}-${key.slice(0, 8)}-${number}-of-${total}.jsonl`;
	const file = await uploadSafely(client, {
		source: {
			fileName,
			contentType: 'application/jsonl',
			bytes: planned.part.bytes,
			open: planned.open,
		},
		purpose: 'batch',
		expiresAfterSeconds: settings.inputExpiresAfter,
	}).catch((error: unknown) => {
		throw tellRemembered(error, new Set([key]), scope.memory);
	});
	const result = await createSafely(client, {
		body: createBody(file.id, settings, key, `${number}/${total}`),
		key,
		scope,
		known,
	});
	if (result.ok) return result.value;
	throw await abandoned(client, file.id, result, key);
}

/** Cleans up after a create that failed, and tells what is left behind. */
export async function abandoned(
	client: OpenAiClient,
	fileId: string,
	{ fault }: Extract<Result<never>, { ok: false }>,
	key: string,
) {
	const said = createFailed(fault, key);
	if (fault.mayHaveExecuted) return client.error(fault, `${said}; its input file is ${fileId}`);
	const isDeleted = await deleteFile(client, fileId).then(
		() => true,
		() => false,
	);
	const left = isDeleted ? 'its input file was deleted' : `its input file ${fileId} is left behind`;
	return client.error(fault, `${said}, ${left}`);
}
