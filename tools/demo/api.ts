import { startEmulator } from '../../test/support/emulator';

/** What the credential needs to reach the API. */
export interface Api {
	name: string;
	url: string;
	apiKey: string;
	/** How long a batch may take, in milliseconds. */
	patience: number;
	close: () => Promise<void>;
}

/** A day at OpenAI is twenty seconds here. */
const TIMING = { validating: 2_000, in_progress: 16_000, finalizing: 2_000 };

/** The local API: the emulator on a free port of loopback, with its files in the folder. */
export async function localApi(folder: string): Promise<Api> {
	const emulator = await startEmulator({ folder, timing: TIMING });
	const { url, apiKey, close } = emulator;
	return { name: 'the local emulator', url, apiKey, patience: 5 * 60_000, close };
}

/** The real API; it promises to finish within 24 hours. */
export function realApi(apiKey: string): Api {
	return {
		name: 'the OpenAI API',
		url: 'https://api.openai.com/v1',
		apiKey,
		patience: 25 * 3_600_000,
		close: async () => {},
	};
}
