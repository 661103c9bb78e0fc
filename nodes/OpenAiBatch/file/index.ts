import type { Operation } from '../shared/operation';
import { deleteOperation } from './deleteFile.operation';
import { download } from './downloadFile.operation';
import { get } from './getFile.operation';
import { getAll } from './getManyFiles.operation';
import { upload } from './uploadFile.operation';

/** The operations on files, in the order of the list in the panel: the most used ones first. */
export const fileOperations: Operation[] = [upload, download, get, getAll, deleteOperation];
