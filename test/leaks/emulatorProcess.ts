import type { BatchStatus } from '../../nodes/openai/types';
import { serve } from '../bench/child';
import { startEmulator } from '../emulator';

const emulator = startEmulator({ clock: 'manual' });

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
