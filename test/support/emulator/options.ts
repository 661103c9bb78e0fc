import type { BatchStatus } from '../../../nodes/openai/api/objects';
import type { Dialect, DialectName } from './dialects';
import type { Limits } from './serviceLimits';

/** How long a batch stays in each transient status, in milliseconds of the emulator's clock. */
export type Timing = Record<
	Extract<BatchStatus, 'validating' | 'in_progress' | 'finalizing' | 'cancelling'>,
	number
>;

export interface WebhookOptions {
	/** False: the server has no webhook endpoints, even where the dialect has. */
	offered: boolean;
	/**
	 * An origin such as `http://127.0.0.1:5678` that deliveries go to in place of the registered
	 * one, with the same path. Only HTTPS addresses can be registered, as at the service.
	 */
	deliverTo?: string;
	/**
	 * The waits before a delivery is tried again, in milliseconds of the emulator's clock; after the
	 * last one it is given up. The service goes on for 72 hours.
	 */
	retryAfter: readonly number[];
}

export interface EmulatorOptions {
	/** 0 (the default) takes any free port. The emulator listens on 127.0.0.1 only. */
	port?: number;
	/** Where the stored files lie; by default a fresh temporary folder, removed on close. */
	folder?: string;
	/** Any other key is answered with 401. */
	apiKey?: string;
	/** The server that it imitates: a name, or a dialect of a test's own. OpenAI by default. */
	dialect?: DialectName | Dialect;
	/** Path in front of every route; by default the dialect's, as /v1 at OpenAI. */
	basePath?: string;
	timing?: Partial<Timing>;
	/** `manual` stands still until `emulator.advance(ms)`; `automatic` follows the real time. */
	clock?: 'automatic' | 'manual';
	/** Start of a manual clock in unix milliseconds; by default the current second. */
	now?: number;
	limits?: Partial<Limits>;
	webhooks?: Partial<WebhookOptions>;
	/** Models whose name matches are unknown to the service. */
	unknownModels?: RegExp;
	/** Changes the order in which requests are executed; answers do not depend on it. */
	seed?: number;
}

export const DEFAULT_TIMING: Timing = {
	validating: 100,
	in_progress: 400,
	finalizing: 100,
	cancelling: 100,
};

export const DEFAULT_WEBHOOKS: WebhookOptions = {
	offered: true,
	retryAfter: [100, 200, 400, 800, 1600, 3200, 6400, 12_800],
};

export const ORGANIZATION = 'org-emulator';
