import { serve } from '../child';
import { downloadFile, uploadFile } from './files';
import { results } from './results';
import { submit } from './submit';

const handlers = { submit, results, uploadFile, downloadFile };

export type FloorHandlers = typeof handlers;

serve(handlers);
