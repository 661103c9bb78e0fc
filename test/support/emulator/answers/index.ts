import type { Endpoint } from '../batches/requestLine';
import type { Answer, AnswerContext } from './answer';
import { chatCompletion } from './chat';
import { completion } from './completions';
import { embeddings } from './embeddings';
import { imageEdit, imageGeneration } from './images';
import { moderation } from './moderations';
import { response } from './responses';

export type { Answer, AnswerContext, Tokens } from './answer';

const ANSWERS: Record<Endpoint, (context: AnswerContext) => Answer> = {
	'/v1/responses': response,
	'/v1/chat/completions': chatCompletion,
	'/v1/embeddings': embeddings,
	'/v1/completions': completion,
	'/v1/moderations': moderation,
	'/v1/images/generations': imageGeneration,
	'/v1/images/edits': imageEdit,
};

/** The body that an endpoint answers a request with. The same request body gets the same answer. */
export function answer(endpoint: Endpoint, context: AnswerContext): Answer {
	return ANSWERS[endpoint](context);
}
