import type { Operation } from '../shared/operation';
import { cancel } from './cancelBatch.operation';
import { create } from './createBatch.operation';
import { get } from './getBatch.operation';
import { getAll } from './getManyBatches.operation';
import { getResults } from './getResults/getResults.operation';
import { retryWith } from './retry/retry.operation';
import { submitWith } from './submit/submit.operation';
import { submitWaiting } from './submitWaiting.operation';
import { wait } from './wait/wait.operation';
import { planRequests } from '../requests/itemPlan';
import { RequestChecker } from '../requests/requestChecker';

/** The operations on batches, in the order of the list in the panel: the most used ones first. */
export const batchOperations: Operation[] = [
	submitWith(planRequests),
	getResults,
	retryWith((options) => new RequestChecker(options)),
	wait,
	submitWaiting,
	create,
	get,
	getAll,
	cancel,
];
