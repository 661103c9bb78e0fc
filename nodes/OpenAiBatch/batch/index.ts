import type { Operation } from '../operation';
import { cancel } from './cancel.operation';
import { create } from './create.operation';
import { get } from './get.operation';
import { getAll } from './getAll.operation';
import { getResults } from './getResults.operation';
import { retry } from './retry.operation';
import { submit } from './submit.operation';
import { wait } from './wait.operation';

/** The operations on batches, in the order of the list in the panel: what most users need first. */
export const batchOperations: Operation[] = [
	submit,
	getResults,
	retry,
	wait,
	create,
	get,
	getAll,
	cancel,
];
