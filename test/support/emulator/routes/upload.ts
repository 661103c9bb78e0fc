import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import type { FastifyRequest } from 'fastify';

import { expiresAfter } from '../checks';
import type { Context } from '../context';
import type { Dialect } from '../dialects';
import { ApiError, badRequest } from '../errors';
import { readLines } from '../lines';
import type { StoredFile } from '../store';

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
	{ store, spoken }: Context,
): Promise<StoredFile> {
	if (!request.isMultipart()) {
		throw badRequest("Invalid Content-Type header, expected 'multipart/form-data'.");
	}
	const target = store.newFile('batch');
	try {
		const received = await receive(request, target.path, spoken.limits.fileBytes);
		const facts = await checked(received, target.path, spoken.rules);
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
async function checked(
	{ fields, file }: Received,
	path: string,
	{ purposes, badLines, expirySeconds }: Dialect['rules'],
) {
	const { purpose } = fields;
	if (file === undefined) throw badRequest("'file' is a required property");
	if (purpose === undefined) throw badRequest("'purpose' is a required property");
	if (!purposes.includes(purpose)) {
		const list = purposes.map((choice) => `'${choice}'`).join(', ');
		throw badRequest(`'${purpose}' is not one of [${list}] - 'purpose'`);
	}
	if (file.isTooLarge) {
		throw new ApiError(400, { message: 'File is too large.' }, 'too large');
	}
	const canonical = purpose === 'batch_input' ? 'batch' : purpose;
	if (canonical === 'batch' && !(await isJsonLines(file.filename, path))) {
		throw badRequest(NOT_JSONL);
	}
	if (badLines === 'are refused at the upload') await refuseBadLines(path);
	// Servers that call the purpose of inputs otherwise take such a file for a batch all the same.
	return { ...file, purpose: canonical, expiresAfter: expiry(fields, expirySeconds) };
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

/** The words of the one server that is known to look at every line (Doubleword's code). */
async function refuseBadLines(path: string): Promise<void> {
	let number = 0;
	for await (const line of readLines(path)) {
		number++;
		try {
			if (line.trim() !== '') JSON.parse(line);
		} catch (error) {
			throw badRequest(`Invalid JSON on line ${number}: ${(error as Error).message}`);
		}
	}
}

/** The form fields `expires_after[seconds]` and `[anchor]`, or with a dot as Azure documents. */
function expiry(fields: Record<string, string>, range: readonly [number, number]) {
	const field = (name: string) =>
		fields[`expires_after[${name}]`] ?? fields[`expires_after.${name}`];
	const [anchor, seconds] = [field('anchor'), field('seconds')];
	if (anchor === undefined && seconds === undefined) return undefined;
	return expiresAfter(
		{ anchor, seconds: seconds === undefined ? undefined : Number(seconds) },
		'expires_after',
		range,
	);
}
