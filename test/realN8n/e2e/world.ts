import OpenAI from 'openai';
import type { Account } from '../../support/lab/account';
import type { Lab } from '../../support/lab/lab';

/** What a test needs to know of what runs; plain data, as jest keeps its setup and tests apart. */
export interface World {
	n8nUrl: string;
	email: string;
	password: string;
	apiUrl: string;
	apiKey: string;
}

const VARIABLE = 'OPENAI_BATCH_E2E_WORLD';

/** Hands on to the tests what the setup has started. */
export function publishWorld({ n8n, owner }: Lab, { emulator }: Account): void {
	const { email, password } = owner;
	const { url: apiUrl, apiKey } = emulator;
	const world: World = { n8nUrl: n8n.url, email, password, apiUrl, apiKey };
	process.env[VARIABLE] = JSON.stringify(world);
}

/** Returns what the setup has started. */
export function knownWorld(): World {
	const text = process.env[VARIABLE];
	if (!text) throw new Error('Run the browser tests with "npm run test:e2e".');
	return JSON.parse(text) as World;
}

/** The official client, as another program that uses the same API. */
export const clientOf = ({ apiUrl, apiKey }: World): OpenAI =>
	new OpenAI({ baseURL: apiUrl, apiKey });
