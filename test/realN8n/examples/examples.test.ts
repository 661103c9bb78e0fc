import { agentTools } from './agentTools';
import { askAgain } from './askAgain';
import { azureOpenAi } from './azureOpenAi';
import { chainOfTwoBatches } from './chainOfTwoBatches';
import { classifyATable } from './classifyATable';
import { fewShot } from './fewShot';
import { invoices } from './invoices';
import { nightlyEmbeddings } from './nightlyEmbeddings';
import { oneMail } from './oneMail';
import { productPhotos } from './productPhotos';
import { resumeByTrigger } from './resumeByTrigger';
import { retryUntilDone } from './retryUntilDone';
import { spreadsheet } from './spreadsheet';
import { submitWaitingParts } from './submitWaitingParts';
import { tokenLimitQueue } from './tokenLimitQueue';
import { waitInOneWorkflow } from './waitInOneWorkflow';
import { waitNodeLoop } from './waitNodeLoop';
import { waitParked } from './waitParked';
import { weeklyCosts } from './weeklyCosts';
import { exampleNames } from './files';
import { labFolder, removeFolder } from '../../support/lab/folder';
import { Lab } from '../../support/lab/lab';

/**
 * By the name of the example's file: runs it in n8n and checks the rows. `files` is a folder in
 * which n8n may read and write files.
 */
const EXAMPLES: Record<string, (lab: Lab, files: string) => Promise<void>> = {
	'agent-tools': agentTools,
	'ask-again': askAgain,
	'azure-openai': azureOpenAi,
	'chain-of-two-batches': chainOfTwoBatches,
	'classify-a-table': classifyATable,
	'few-shot': fewShot,
	invoices,
	'nightly-embeddings': nightlyEmbeddings,
	'one-mail': oneMail,
	'product-photos': productPhotos,
	'resume-by-trigger': resumeByTrigger,
	'retry-until-done': retryUntilDone,
	spreadsheet,
	'submit-waiting-parts': submitWaitingParts,
	'token-limit-queue': tokenLimitQueue,
	'wait-in-one-workflow': waitInOneWorkflow,
	'wait-node-loop': waitNodeLoop,
	'wait-parked': waitParked,
	'weekly-costs': weeklyCosts,
};

let lab: Lab;
const running: Record<string, Promise<void>> = {};

/** All examples run at once: most of the time passes between two polls of their triggers. */
beforeAll(async () => {
	const files = await labFolder();
	lab = await Lab.open({ env: { N8N_RESTRICT_FILE_ACCESS_TO: files } });
	lab.defer(async () => await removeFolder(files));
	for (const [name, prove] of Object.entries(EXAMPLES)) {
		running[name] = prove(lab, files);
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
