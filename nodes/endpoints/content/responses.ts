import { isObject, textOrNull } from '../../jsonl/json';
import type { JsonObject } from '../../jsonl/json';
import { objectsOf } from './content';
import type { ContentReader } from './content';

/** Items of the output that wait for the caller; the other calls were run by the service. */
const CALLS_FOR_THE_CALLER: ReadonlySet<unknown> = new Set(['function_call', 'custom_tool_call']);

/**
 * `/v1/responses`: all text parts of all messages joined, as the SDK's `output_text` does.
 * `finish_reason` is why the response is incomplete, else its status.
 */
export const responses: ContentReader = {
	matches: (body) => body.object === 'response' || Array.isArray(body.output),
	read(body) {
		const items = objectsOf(body.output);
		const parts = items
			.filter((item) => item.type === 'message')
			.flatMap((item) => objectsOf(item.content));
		const calls = items.filter((item) => CALLS_FOR_THE_CALLER.has(item.type));
		const reason = isObject(body.incomplete_details) ? body.incomplete_details.reason : null;
		return {
			content: joined(parts, 'output_text', 'text'),
			finish_reason: textOrNull(reason) ?? textOrNull(body.status),
			refusal: joined(parts, 'refusal', 'refusal'),
			tool_calls: calls.length > 0 ? calls : null,
		};
	},
};

function joined(parts: JsonObject[], type: string, key: string): string | null {
	const texts = parts.filter((part) => part.type === type).map((part) => part[key] ?? '');
	return texts.length > 0 ? texts.join('') : null;
}
