import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import type { FastifyRequest } from 'fastify';

import { expiresAfter } from '../checks';
import type { Context } from '../context';
import { badRequest } from '../errors';
import { readLines } from '../lines';
import type { StoredFile } from '../store';

const PURPOSES = ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals'];
const NOT_JSONL = 'Invalid file format for Batch API. Must be .jsonl';

interface Received {
	fields: Record<string, string>;
	file?: { filename: string; bytes: number; isTooLarge: boolean };
}

/**
 * Streams an upload to disk and registers it as a file.
 *
 * @throws ApiError 400 for whatever the service refuses; nothing is stored then
 */
export async function receiveUpload(
	request: FastifyRequest,
	{ store, limits }: Context,
): Promise<StoredFile> {
	if (!request.isMultipart()) {
		throw badRequest("Invalid Content-Type header, expected 'multipart/form-data'.");
	}
	const target = store.newFile();
	try {
		const received = await receive(request, target.path, limits.fileBytes);
		const facts = await checked(received, target.path);
		return store.addFile(target, facts);
	} catch (error) {
		await rm(target.path, { force: true });
		throw error;
	}
}

/** Reads all parts of the form in any order; the file's bytes go to `path`. */
async function receive(
	request: FastifyRequest,
	path: string,
	fileBytes: number,
): Promise<Received> {
	const received: Received = { fields: {} };
	const form = (request.recorded.form = [] as Array<{ name: string; value: string }>);
	for await (const part of request.parts({ limits: { fileSize: fileBytes } })) {
		if (part.type === 'field') {
			received.fields[part.fieldname] = String(part.value);
			form.push({ name: part.fieldname, value: String(part.value) });
			continue;
		}
		form.push({ name: part.fieldname, value: part.filename });
		if (part.fieldname !== 'file') {
			part.file.resume();
			continue;
		}
		const disk = createWriteStream(path, { highWaterMark: 1024 * 1024 });
		await pipeline(part.file, disk);
		received.file = {
			filename: part.filename,
			bytes: disk.bytesWritten,
			isTooLarge: part.file.truncated,
		};
		request.recorded.bytes ||= disk.bytesWritten;
	}
	return received;
}

/** What is known about an acceptable upload. */
async function checked({ fields, file }: Received, path: string) {
	const { purpose } = fields;
	if (file === undefined) throw badRequest("'file' is a required property");
	if (purpose === undefined) throw badRequest("'purpose' is a required property");
	if (!PURPOSES.includes(purpose)) {
		const list = PURPOSES.map((choice) => `'${choice}'`).join(', ');
		throw badRequest(`'${purpose}' is not one of [${list}] - 'purpose'`);
	}
	if (file.isTooLarge) throw badRequest('File is too large.');
	if (purpose === 'batch' && !(await isJsonLines(file.filename, path))) {
		throw badRequest(NOT_JSONL);
	}
	return { ...file, purpose, expiresAfter: expiry(fields) };
}

/** The service looks at the name and at the first line; the rest is checked by the batch. */
async function isJsonLines(filename: string, path: string): Promise<boolean> {
	if (!filename.endsWith('.jsonl')) return false;
	for await (const line of readLines(path)) {
		try {
			JSON.parse(line.replace(/^\uFEFF/, ''));
			return true;
		} catch {
			return false;
		}
	}
	return false;
}

/** The form fields `expires_after[anchor]` and `expires_after[seconds]`. */
function expiry(fields: Record<string, string>): number | undefined {
	const anchor = fields['expires_after[anchor]'];
	const seconds = fields['expires_after[seconds]'];
	if (anchor === undefined && seconds === undefined) return undefined;
	return expiresAfter(
		{ anchor, seconds: seconds === undefined ? undefined : Number(seconds) },
		'expires_after',
	);
}
