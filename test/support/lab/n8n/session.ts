import { request, type Dispatcher } from 'undici';

/** An answer of n8n's REST API other than 2xx. */
export class RestError extends Error {
	constructor(
		method: string,
		path: string,
		readonly status: number,
		readonly body: string,
	) {
		super(`n8n answered ${method} ${path} with ${status}: ${messageOf(body)}`);
		this.name = 'RestError';
	}
}

function messageOf(body: string): string {
	try {
		return (JSON.parse(body) as { message?: string }).message ?? body;
	} catch {
		return body;
	}
}

/** Speaks JSON with n8n's REST API and keeps the cookie that signs the user in. */
export class Session {
	private cookie = '';

	constructor(private readonly baseUrl: string) {}

	/** Returns the `data` of the answer. Throws a {@link RestError} when it is not 2xx. */
	async call<T>(method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<T> {
		const answer = await request(this.baseUrl + path, {
			method,
			// A connection of its own for each call: n8n closes idle ones, and when a long execution
			// has kept it busy, also those that a request has just arrived on.
			reset: true,
			headers: { 'content-type': 'application/json', cookie: this.cookie },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await answer.body.text();
		if (answer.statusCode >= 300) throw new RestError(method, path, answer.statusCode, text);
		this.keepCookie(answer.headers['set-cookie']);
		return (JSON.parse(text) as { data: T }).data;
	}

	private keepCookie(header: string | string[] | undefined): void {
		const signedIn = [header ?? []].flat().find((cookie) => cookie.startsWith('n8n-auth='));
		if (signedIn) this.cookie = signedIn.split(';')[0];
	}
}
