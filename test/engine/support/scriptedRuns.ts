import type { IDataObject } from 'n8n-workflow';
import { CREDENTIAL, productForTests } from '../product';
import { serverForTests, type Answer } from './scriptedServer';

/** More requests than any operation of these tests sends. */
const ALWAYS = 60;

/** The product for the tests of a file, whose server gives scripted answers. */
export function scriptedRuns() {
	const product = productForTests();
	const server = serverForTests();

	/** Runs an operation while the server gives these answers, and the last of them from then on. */
	async function run(
		resource: string,
		operation: string,
		parameters: IDataObject,
		...answers: Answer[]
	) {
		server.script(...answers, ...Array<Answer>(ALWAYS).fill(answers[answers.length - 1]));
		const credentialData = { [CREDENTIAL]: { apiKey: 'sk-1', url: server.url } };
		const result = await product.run(resource, operation, parameters as never, [{}], {
			credentialData,
		} as never);
		return {
			...result,
			text: `${result.error?.message ?? ''} ${result.error?.description ?? ''}`,
			json: result.items('Node').map((item) => item.json),
			hints: result.hints('Node').map(({ message }) => message),
		};
	}

	return { server, run };
}
