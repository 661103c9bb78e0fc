import { batchOperations } from './batch';
import { fileOperations } from './file';
import { requestFileOperations } from './requestFile';
import type { Operation } from './shared/operation';

/** The operations of the node by their resource. */
export const OPERATIONS: Record<string, Operation[]> = {
	batch: batchOperations,
	file: fileOperations,
	requestFile: requestFileOperations,
};
