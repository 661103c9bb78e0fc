/** The endpoints that batches can have, as the API names them: those that several tests speak of. */
export const CHAT = '/v1/chat/completions';
export const RESPONSES = '/v1/responses';
export const EDITS = '/v1/images/edits';
export const MODERATIONS = '/v1/moderations';
export const EMBEDDINGS = '/v1/embeddings';
