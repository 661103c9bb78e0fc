import type { Endpoint } from '../batches/requestLine';
import { attachmentRefusal } from './inlineData';
import { modelRefusal } from './reasoningModels';
import { refusal, type Refusal } from './phrases';
import { schemaRefusal } from './bodySchemas';
import { strictSchemaRefusal } from './strictSchemas';

export type { Refusal } from './phrases';

/**
 * Why the endpoint refuses a request body, as the body of its own 400; undefined for a body that
 * it accepts. The first fault only, in the order in which others saw the service look for them:
 * what is missing, what is unknown, types and values, then what the model refuses.
 */
export function judge(endpoint: Endpoint, body: Record<string, unknown>): Refusal | undefined {
	return (
		schemaRefusal(endpoint, body) ??
		modelRefusal(endpoint, body) ??
		strictSchemaRefusal(endpoint, body) ??
		attachmentRefusal(endpoint, body) ??
		(endpoint === '/v1/chat/completions' ? missingContent(body) : undefined)
	);
}

interface Message {
	role: string;
	content?: unknown;
	tool_calls?: unknown;
	function_call?: unknown;
	refusal?: unknown;
	audio?: unknown;
}

/** A chat message needs content, unless an assistant said something else instead. */
function missingContent({ messages }: Record<string, unknown>): Refusal | undefined {
	const index = (messages as Message[]).findIndex(
		({ role, content, ...instead }) =>
			(content ?? null) === null &&
			role !== 'developer' &&
			(role !== 'assistant' ||
				(instead.tool_calls ??
					instead.function_call ??
					instead.refusal ??
					instead.audio ??
					null) === null),
	);
	if (index < 0) return undefined;
	const message = "Invalid value for 'content': expected a string, got null.";
	return refusal(message, `messages.[${index}].content`, null);
}
