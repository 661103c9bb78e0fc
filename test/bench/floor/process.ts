/** What the process of the lower limit does: the job with undici alone, without n8n. */
export { resultsCsv, submitCsv } from './csv';
export { downloadFile, uploadFile } from './files';
export { submitImages } from './images';
export { results } from './results';
export { submit } from './submit';
