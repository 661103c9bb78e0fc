import type { IExecuteFunctions, IN8nHttpFullResponse, NodeApiError } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import type {
	ApiContext,
	ApiRequest,
	ClientOptions,
	ExpectedFile,
	Fault,
	Headers,
	JsonRequest,
	OpenAiClient,
	OpenedBody,
	Result,
	Provider,
	Shape,
	Upload,
} from '../client';
import { CANCELLED, pause } from '../client';
import { downloadFile, downloadStream } from '../transfer/download';
import { notContent, parseAnswer, readStart } from './answer';
import { allowedDomainsOf, CREDENTIAL, redactJson, secretsOf } from './credential';
import { toNodeApiError } from './errors';
import { helperFault, redactFault, retryIn } from './fault';
import { IdleGuard } from './idleGuard';
import { StreamedForm } from './multipart';
import { apiPath, buildUrl, providerAt } from './url';

interface Attempt {
	url: string;
	body?: string | FormData;
	encoding: 'text' | 'stream';
	guard: IdleGuard;
}

const ANSWER_WITHIN_MS = 120_000;
/** The service checks a file of 200 MB before it answers. */
const UPLOAD_ANSWER_WITHIN_MS = 300_000;
/** n8n's helper counts its time-out over a whole upload, so the signals are the limit instead. */
const HELPER_TIMEOUT_MS = 24 * 3_600_000;

/**
 * The one place that sends requests: over n8n's own HTTP helper (its proxy, its SSRF protection,
 * the credential's allowed domains), repeated after transient faults, with faults as plain data.
 * Redirects are never followed, since the helper would take the key along to another host.
 */
export class HttpClient implements OpenAiClient {
	private secrets: readonly string[] = [];
	private allowedDomains: string | undefined;

	constructor(
		readonly context: ApiContext,
		readonly options: ClientOptions = {},
	) {}

	get cancelSignal(): AbortSignal | undefined {
		if (this.options.signal) return this.options.signal;
		return 'getExecutionCancelSignal' in this.context
			? this.context.getExecutionCancelSignal()
			: undefined;
	}

	with(options: ClientOptions): HttpClient {
		return new HttpClient(this.context, { ...this.options, ...options });
	}

	async provider(): Promise<Provider> {
		const { url } = await this.context.getCredentials(CREDENTIAL);
		return providerAt(url);
	}

	async json<T>(request: JsonRequest<T>): Promise<T> {
		const result = await this.tryJson<T>(request);
		if (!result.ok) throw this.error(result.fault);
		return result.value;
	}

	async tryJson<T>(request: JsonRequest<T>): Promise<Result<T>> {
		// As text, since n8n's HTTP helper drops keys such as `constructor` from objects.
		const body = request.json && JSON.stringify(request.json);
		return await this.repeat(request, async (url) => {
			const left = (this.options.deadline ?? Infinity) - Date.now();
			const guard = new IdleGuard(Math.min(ANSWER_WITHIN_MS, left), this.cancelSignal);
			const attempt: Attempt = { url, body, encoding: 'text', guard };
			const sent = await this.send(request, attempt).finally(() => guard.stop());
			return this.read(request, sent);
		});
	}

	async tryUpload<T>(request: JsonRequest<T>, { source, fields }: Upload): Promise<Result<T>> {
		return await this.repeat(request, async (url) => {
			const guard = new IdleGuard(UPLOAD_ANSWER_WITHIN_MS, this.cancelSignal);
			const form = new StreamedForm(source, fields, guard);
			const attempt: Attempt = { url, body: form, encoding: 'text', guard };
			const sent = await this.send(request, attempt).finally(() => {
				guard.stop();
				form.close();
			});
			if (form.sourceError !== undefined) return sourceFault(form.sourceError);
			return this.read(request, sent);
		});
	}

	download(fileId: string, expected?: ExpectedFile): AsyncGenerator<Uint8Array> {
		return downloadFile(this, fileId, expected);
	}

	async downloadStream(fileId: string, bytes?: number | null): Promise<NodeJS.ReadableStream> {
		return await downloadStream(this, fileId, bytes);
	}

	async open(request: ApiRequest): Promise<Result<OpenedBody>> {
		return await this.repeat(request, async (url) => {
			const guard = new IdleGuard(ANSWER_WITHIN_MS, this.cancelSignal);
			const sent = await this.send(request, { url, encoding: 'stream', guard });
			if (!sent.ok) {
				guard.stop();
				return sent;
			}
			const body = sent.value.body as unknown as AsyncIterable<Uint8Array>;
			const headers = sent.value.headers as Headers;
			const fault = notContent(sent.value, request.atLeastBytes);
			if (!fault) return { ok: true, value: { headers, body, guard } };
			const start = await readStart(body).finally(() => guard.end());
			const answer = parseAnswer(sent.value, start, NO_SHAPE, this.secrets);
			// An error in the API's own words says more.
			const isSaid = !answer.ok && (answer.fault.kind === 'status' || fault.kind === 'answer');
			return isSaid ? answer : { ok: false, fault };
		});
	}

	error(fault: Fault, prefix?: string): NodeApiError {
		return toNodeApiError(this.context.getNode(), fault, {
			itemIndex: this.options.itemIndex,
			secrets: this.secrets,
			prefix,
		});
	}

	hint(message: string): void {
		if (!('addExecutionHints' in this.context)) return;
		this.context.addExecutionHints({ message, location: 'outputPane' });
	}

	async pause(ms: number): Promise<boolean> {
		return await pause(ms, this.cancelSignal);
	}

	private async repeat<T>(
		{ finalStatuses, once, path, query }: ApiRequest,
		attempt: (url: string) => Promise<Result<T>>,
	): Promise<Result<T>> {
		const encodedPath = apiPath(path);
		const credential = await this.context.getCredentials(CREDENTIAL);
		this.secrets = secretsOf(credential);
		this.allowedDomains = allowedDomainsOf(credential);
		const url = this.address(credential.url, encodedPath, query);
		let mayHaveExecuted = false;
		for (let failed = 1; ; failed++) {
			const result = this.unsent() ?? (await attempt(url));
			if (result.ok) return result;
			mayHaveExecuted ||= result.fault.mayHaveExecuted;
			const fault: Fault = {
				...redactFault(result.fault, this.secrets),
				mayHaveExecuted,
				namesId: path.length > 1,
			};
			if (finalStatuses?.includes(fault.status ?? 0)) fault.shouldRetry = false;
			const limits = { once, deadline: this.options.deadline };
			const wait = retryIn(failed, fault, limits, Date.now());
			if (wait === undefined || !(await this.pause(wait))) return { ok: false, fault };
		}
	}

	/** Why no request may be sent any more. */
	private unsent(): Result<never> | undefined {
		if (this.cancelSignal?.aborted) {
			return {
				ok: false,
				fault: { kind: 'cancelled', message: CANCELLED, mayHaveExecuted: false },
			};
		}
		if (Date.now() < (this.options.deadline ?? Infinity)) return undefined;
		const message = 'No time was left to ask the server';
		return { ok: false, fault: { kind: 'stalled', message, mayHaveExecuted: false } };
	}

	private read<T>({ shape }: JsonRequest<T>, sent: Result<IN8nHttpFullResponse>): Result<T> {
		if (!sent.ok) return sent;
		const text = redactJson(sent.value.body as unknown as string, this.secrets);
		return parseAnswer(sent.value, text, shape, this.secrets);
	}

	private async send(
		{ method }: ApiRequest,
		{ url, body, encoding, guard: { signal } }: Attempt,
	): Promise<Result<IN8nHttpFullResponse>> {
		const json = typeof body === 'string' && { 'Content-Type': 'application/json' };
		try {
			const response: unknown = await this.context.helpers.httpRequestWithAuthentication.call(
				withSignal(this.context, signal),
				CREDENTIAL,
				{
					method,
					url,
					headers: { Accept: 'application/json', 'Accept-Encoding': 'identity', ...json },
					body,
					encoding,
					timeout: HELPER_TIMEOUT_MS,
					abortSignal: signal,
					allowedDomains: this.allowedDomains,
					disableFollowRedirect: true,
					ignoreHttpStatusErrors: true,
					returnFullResponse: true,
				},
			);
			return { ok: true, value: response as IN8nHttpFullResponse };
		} catch (error) {
			return { ok: false, fault: this.faultOf(error, signal) };
		}
	}

	private faultOf(error: unknown, signal: AbortSignal): Fault {
		if (this.cancelSignal?.aborted) {
			return { kind: 'cancelled', message: CANCELLED, mayHaveExecuted: true };
		}
		if (!signal.aborted) return helperFault(error);
		return { kind: 'stalled', message: 'The server did not answer in time', mayHaveExecuted: true };
	}

	private address(baseUrl: unknown, path: string, query: ApiRequest['query']): string {
		try {
			return buildUrl(typeof baseUrl === 'string' ? baseUrl : undefined, path, query);
		} catch (error) {
			throw new NodeOperationError(
				this.context.getNode(),
				'The Base URL in the credential is not a web address',
				{ description: `Enter it with https:// in front. ${String(error)}`, level: 'warning' },
			);
		}
	}
}

/** For the start of a body that is not JSON of a known kind. */
const NO_SHAPE: Shape<never> = () => undefined;

/**
 * The context with another cancel signal. n8n's helper replaces the signal it is given by the
 * execution's own, which leaves no way to end one transfer; the signal passed here also follows
 * the execution's.
 */
function withSignal(context: ApiContext, signal: AbortSignal): IExecuteFunctions {
	const own = { getExecutionCancelSignal: { value: () => signal } };
	return Object.create(
		context,
		'getExecutionCancelSignal' in context ? own : {},
	) as IExecuteFunctions;
}

function sourceFault(error: unknown): Result<never> {
	const message = error instanceof Error ? error.message : String(error);
	return {
		ok: false,
		fault: {
			kind: 'source',
			message: `The content to upload could not be read: ${message}`,
			mayHaveExecuted: false,
		},
	};
}
