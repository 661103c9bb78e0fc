import type { ApiError as ErrorFields } from '../../../nodes/openai/apiErrors';

/** What an error is about: servers have different words and forms for each. */
export type ErrorKind =
	| 'no key'
	| 'wrong key'
	| 'unknown route'
	| 'unknown file'
	| 'unknown batch'
	| 'too large'
	| 'bad request'
	| 'other';

/** An error that the API answers with: its HTTP status and the four fields of its envelope. */
export class ApiError extends Error {
	readonly body: { error: ErrorFields & { message: string } };

	constructor(
		readonly status: number,
		error: Partial<ErrorFields> & { message: string },
		readonly kind: ErrorKind = status === 400 ? 'bad request' : 'other',
	) {
		super(error.message);
		this.body = {
			error: {
				message: error.message,
				type: error.type ?? 'invalid_request_error',
				param: error.param ?? null,
				code: error.code ?? null,
			},
		};
	}
}

export function badRequest(
	message: string,
	param: string | null = null,
	code: string | null = null,
): ApiError {
	return new ApiError(400, { message, param, code });
}

export function fileNotFound(id: string): ApiError {
	const message = `No such File object: ${id}`;
	return new ApiError(404, { message, param: 'id' }, 'unknown file');
}

export function batchNotFound(id: string): ApiError {
	return new ApiError(404, { message: `No batch found with id '${id}'.` }, 'unknown batch');
}

/** The answer to a path that the server does not have. */
export function routeNotFound(method: string, path: string): ApiError {
	return new ApiError(404, { message: `Invalid URL (${method} ${path})` }, 'unknown route');
}

/** The answer to a missing (`undefined`) or wrong key; the service shows the key masked. */
export function unauthorized(key: string | undefined): ApiError {
	const help = 'https://platform.openai.com/account/api-keys.';
	if (key === undefined) {
		const message = `You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from ${help}`;
		return new ApiError(401, { message }, 'no key');
	}
	const message = `Incorrect API key provided: ${masked(key)}. You can find your API key at ${help}`;
	return new ApiError(401, { message, code: 'invalid_api_key' }, 'wrong key');
}

function masked(key: string): string {
	const shown = key.length > 16 ? 4 : 2;
	const start = key.slice(0, shown === 4 ? 8 : 2);
	return `${start}${'*'.repeat(Math.max(4, key.length - start.length - shown))}${key.slice(-shown)}`;
}
