import type { Rest } from '../../test/support/lab/rest';
import { RestError } from '../../test/support/lab/session';

/** The only user of the private n8n, which listens on loopback only. */
export const OWNER = {
	email: 'dev@example.com',
	password: 'Develop-1234',
	firstName: 'Dev',
	lastName: 'Eloper',
};

/**
 * Makes the owner and a credential for the emulator in a new n8n.
 *
 * @returns false when they are there from an earlier run
 */
export async function prepareAccount(
	rest: Rest,
	emulator: { url: string; apiKey: string },
): Promise<boolean> {
	try {
		await rest.setUpOwner(OWNER);
	} catch (error) {
		if (error instanceof RestError && error.status === 400) return false;
		throw error;
	}
	const { url, apiKey } = emulator;
	await rest.createCredential('openAiBatchApi', 'OpenAI Batch API (emulator)', { url, apiKey });
	return true;
}
