import { agentTools } from './agentTools';
import { azureOpenAi } from './azureOpenAi';
import { classifyATable } from './classifyATable';
import { nightlyEmbeddings } from './nightlyEmbeddings';
import { retryUntilDone } from './retryUntilDone';
import { tokenLimitQueue } from './tokenLimitQueue';
import { waitInOneWorkflow } from './waitInOneWorkflow';
import { exampleNames } from './files';
import { Lab } from '../../support/lab/lab';

/** By the name of the example's file: runs it in n8n and checks the rows. */
const EXAMPLES: Record<string, (lab: Lab) => Promise<void>> = {
	'agent-tools': agentTools,
	'azure-openai': azureOpenAi,
	'classify-a-table': classifyATable,
	'nightly-embeddings': nightlyEmbeddings,
	'retry-until-done': retryUntilDone,
	'token-limit-queue': tokenLimitQueue,
	'wait-in-one-workflow': waitInOneWorkflow,
};

let lab: Lab;
const running: Record<string, Promise<void>> = {};

/** All examples run at once: most of the time passes between two polls of their triggers. */
beforeAll(async () => {
	lab = await Lab.open();
	for (const [name, prove] of Object.entries(EXAMPLES)) {
		running[name] = prove(lab);
		running[name].catch(() => {});
	}
});

afterAll(async () => {
	await Promise.allSettled(Object.values(running));
	await lab?.close();
});

it.each(Object.keys(EXAMPLES))('%s does what it says', async (name) => {
	await running[name];
});

it('leaves no example out', async () => {
	expect(Object.keys(EXAMPLES).sort()).toEqual((await exampleNames()).sort());
});
