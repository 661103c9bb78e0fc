import type { BatchStatus } from '../../nodes/openai/api/types';
import { serve } from '../bench/child';
import { startEmulator } from '../support/emulator';

/** A day ago, so that the looks for earlier batches do not get longer with every run. */
const emulator = startEmulator({ clock: 'manual', now: Date.now() - 86_400_000 });

const handlers = {
	api: async () => {
		const { url, apiKey } = await emulator;
		return { url, apiKey };
	},
	/** Takes a batch to a status. */
	step: async ({ id, status }: { id: string; status: BatchStatus }) =>
		await (await emulator).step(id, status),
};

export type EmulatorHandlers = typeof handlers;

serve(handlers);
