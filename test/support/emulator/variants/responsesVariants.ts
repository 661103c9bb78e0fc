import type {
	Response,
	ResponseOutputItem,
	ResponseOutputMessage,
	ResponseOutputText,
} from 'openai/resources/responses/responses';

import { PICTURES, type PictureFormat } from '../pictures';
import type { Variant } from './variant';

function response(change: (body: Response, message: ResponseOutputMessage) => void): Variant {
	return {
		endpoint: '/v1/responses',
		change: (body: Response) => change(body, body.output[0] as ResponseOutputMessage),
	};
}

/** A message with another text. */
function saying(
	message: ResponseOutputMessage,
	text: string,
	phase?: ResponseOutputMessage['phase'],
): ResponseOutputMessage {
	const content: ResponseOutputText = {
		type: 'output_text',
		text,
		annotations: [],
		logprobs: [],
	};
	const id = `${message.id.slice(0, -1)}${text.length % 10}`;
	return { ...message, id, content: [content], ...(phase === undefined ? {} : { phase }) };
}

/** Every kind of call that waits for the caller. */
const CALLS: ResponseOutputItem[] = [
	{
		type: 'function_call',
		id: 'fc_1',
		call_id: 'call_1',
		name: 'classify',
		arguments: '{"label":"spam"}',
		status: 'completed',
	},
	{ type: 'custom_tool_call', id: 'ctc_1', call_id: 'call_2', name: 'note', input: 'Remember.' },
	{
		type: 'computer_call',
		id: 'cu_1',
		call_id: 'call_3',
		action: { type: 'screenshot' },
		pending_safety_checks: [],
		status: 'completed',
	},
	{
		type: 'shell_call',
		id: 'sh_1',
		call_id: 'call_4',
		action: { commands: ['ls'], max_output_length: null, timeout_ms: null },
		environment: null,
		status: 'completed',
	},
	{
		type: 'apply_patch_call',
		id: 'apc_1',
		call_id: 'call_5',
		operation: { type: 'delete_file', path: 'a.txt' },
		status: 'completed',
	},
	{
		type: 'mcp_approval_request',
		id: 'mcpr_1',
		arguments: '{}',
		name: 'search',
		server_label: 'films',
	},
];

const image = (format: PictureFormat) =>
	response((body) => {
		const call = {
			type: 'image_generation_call',
			id: 'ig_1',
			status: 'completed',
			result: PICTURES[format],
			output_format: format,
			revised_prompt: 'A picture of one pixel.',
		};
		body.output = [call as ResponseOutputItem];
	});

const unfinished = (status: Response['status']) =>
	response((body) => {
		Object.assign(body, { status, completed_at: null, output: [], background: true, usage: null });
	});

/** Rarer answers of the Responses API, in the shapes of the SDK's types. */
export const RESPONSES = {
	/** A remark, then the answer. */
	'responses.phases': response((body, message) => {
		const [{ text }] = message.content as ResponseOutputText[];
		body.output = [
			saying(message, 'Let me check the catalogue.', 'commentary'),
			saying(message, text, 'final_answer'),
		];
	}),
	/** A remark and no answer. */
	'responses.only_commentary': response((body, message) => {
		body.output = [saying(message, 'Let me check the catalogue.', 'commentary')];
	}),
	/** Two messages without a phase. */
	'responses.messages': response((body, message) => {
		body.output = [saying(message, 'First.'), saying(message, 'And second.')];
	}),
	/** Some text, then a refusal in the same message. */
	'responses.refusal_after_text': response((_body, message) => {
		message.content.push({ type: 'refusal', refusal: "I can't go on with this." });
	}),
	'responses.calls': response((body) => {
		body.output = CALLS;
	}),
	/** A call after a remark. */
	'responses.call_after_text': response((body, message) => {
		body.output = [message, CALLS[0]];
	}),
	'responses.reasoning': response((body) => {
		body.output.unshift({
			type: 'reasoning',
			id: 'rs_1',
			summary: [
				{ type: 'summary_text', text: 'The title is that of a comedy.' },
				{ type: 'summary_text', text: 'So the genre is clear.' },
			],
		});
	}),
	'responses.sources': response((_body, message) => {
		(message.content[0] as ResponseOutputText).annotations = [
			{
				type: 'url_citation',
				url: 'https://example.com/films',
				title: 'Films',
				start_index: 0,
				end_index: 5,
			},
			{ type: 'file_citation', file_id: 'file-films', filename: 'films.pdf', index: 0 },
		];
	}),
	'responses.image_png': image('png'),
	'responses.image_jpeg': image('jpeg'),
	'responses.image_webp': image('webp'),
	'responses.image_gif': image('gif'),
	'responses.image_svg': image('svg'),
	/** A picture that could not be made. */
	'responses.image_failed': response((body) => {
		const call = { type: 'image_generation_call', id: 'ig_1', status: 'failed', result: null };
		const error = { code: 'moderation_blocked', message: 'The picture was blocked.' };
		body.output = [{ ...call, error } as unknown as ResponseOutputItem];
	}),
	'responses.queued': unfinished('queued'),
	'responses.in_progress': unfinished('in_progress'),
	'responses.failed': response((body) => {
		const error = { code: 'server_error', message: 'The model could not answer.' } as const;
		Object.assign(body, { status: 'failed', completed_at: null, output: [], error });
	}),
	'responses.content_filter': response((body) => {
		body.status = 'incomplete';
		body.incomplete_details = { reason: 'content_filter' };
	}),
} satisfies Record<string, Variant>;
