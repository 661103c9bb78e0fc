import type { Operation } from '../operation';
import { deleteOperation } from './delete.operation';
import { download } from './download.operation';
import { get } from './get.operation';
import { getAll } from './getAll.operation';
import { upload } from './upload.operation';

/** The operations on files, in the order of the list in the panel: what most users need first. */
export const fileOperations: Operation[] = [upload, download, get, getAll, deleteOperation];
