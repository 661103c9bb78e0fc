import { DIALECTS, type Dialect, type DialectName } from './dialects';
import { DEFAULT_LIMITS, type Limits } from './serviceLimits';

/** The dialect that an emulator speaks now, and the limits that go with it. */
export class Spoken {
	dialect: Dialect;

	constructor(
		dialect: DialectName | Dialect,
		/** What a test gives holds in every dialect; `webhooks` says whether they are offered. */
		private readonly given: { limits: Partial<Limits>; basePath?: string; webhooks: boolean },
	) {
		this.dialect = resolved(dialect);
	}

	use(dialect: DialectName | Dialect): void {
		this.dialect = resolved(dialect);
	}

	get rules(): Dialect['rules'] {
		return this.dialect.rules;
	}

	get limits(): Limits {
		return { ...DEFAULT_LIMITS, ...this.rules.limits, ...this.given.limits };
	}

	get basePath(): string {
		return this.given.basePath ?? this.dialect.basePath;
	}

	/**
	 * The path of a request in the emulator's own terms: without the base path, and with webhooks at
	 * the place where OpenAI has them. Undefined for a path that the server does not have.
	 */
	pathOf(url: string): string | undefined {
		const { basePath } = this;
		if (!url.startsWith(`${basePath}/`)) return undefined;
		const path = url.slice(basePath.length);
		const webhooks = this.given.webhooks ? this.dialect.webhooksPath : null;
		if (webhooks !== null && path.startsWith(webhooks)) {
			return `/webhook_endpoints${path.slice(webhooks.length)}`;
		}
		return path.startsWith('/webhook_endpoints') ? undefined : path;
	}
}

function resolved(dialect: DialectName | Dialect): Dialect {
	return typeof dialect === 'string' ? DIALECTS[dialect] : dialect;
}
