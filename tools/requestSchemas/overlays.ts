import type { Schema } from './plain';

/** What the types of the SDK leave open about one endpoint's body. */
export interface Overlay {
	/** The type, and its module below `openai/resources`. */
	type: string;
	module: string;
	/** Properties of the type that are no JSON, such as files of a form. */
	without: string[];
	/** Properties that only the published specification has. */
	added: Record<string, Schema>;
	required: string[];
	/** Members of definitions that the types require, and the service and its guides do not. */
	optional: string[];
	/** Whole numbers and bounds, which types cannot say. */
	facts: Record<string, Schema>;
	/** Definitions in which the service accepts what it does not know. */
	open: RegExp;
}

const none = { without: [], added: {}, required: [], optional: [], open: /^$/ };
const whole = (minimum?: number, maximum?: number): Schema => ({
	type: ['integer', 'null'],
	...(minimum !== undefined && { minimum }),
	...(maximum !== undefined && { maximum }),
});
const between = (minimum: number, maximum: number): Schema => ({ minimum, maximum });

const sampling = { temperature: between(0, 2), top_p: between(0, 1) };
const penalties = { frequency_penalty: between(-2, 2), presence_penalty: between(-2, 2) };
const picture = { n: whole(1, 10), output_compression: whole(0, 100), partial_images: whole(0, 3) };

/** One input of an image edit in JSON: an address or a stored file, from the specification. */
const inputPicture: Schema = {
	type: 'object',
	additionalProperties: false,
	properties: { image_url: { type: ['string', 'null'] }, file_id: { type: ['string', 'null'] } },
};

/**
 * The bounds were seen at the service by others in August 2026, or are those of its reference. The
 * service looks at the members of chat messages that it knows, and accepts others (seen by others
 * in August 2026), except in messages of developers.
 */
export const OVERLAYS: Record<string, Overlay> = {
	chat: {
		...none,
		type: 'ChatCompletionCreateParamsNonStreaming',
		module: 'chat/completions/completions',
		open: /^ChatCompletion((System|User|Assistant|Tool|Function)MessageParam|ContentPart(Text|Image|InputAudio|Refusal|\.File))$/,
		// The service looks for the content last of all, and in other words: see judge/index.ts.
		optional: ['System', 'User', 'Tool', 'Function'].map(
			(role) => `ChatCompletion${role}MessageParam.content`,
		),
		facts: {
			...sampling,
			...penalties,
			messages: { minItems: 1 },
			n: whole(1),
			max_tokens: whole(1),
			max_completion_tokens: whole(1),
			seed: whole(),
			top_logprobs: whole(0, 20),
		},
	},
	responses: {
		...none,
		type: 'ResponseCreateParamsNonStreaming',
		module: 'responses/responses',
		optional: [
			'ResponseInputImage.detail',
			'ResponseOutputText.annotations',
			'FunctionTool.parameters',
			'FunctionTool.strict',
		],
		facts: {
			...sampling,
			// The reference has no minimum; users have seen fewer refused.
			max_output_tokens: whole(16),
			max_tool_calls: whole(1),
			top_logprobs: whole(0, 20),
		},
	},
	completions: {
		...none,
		type: 'CompletionCreateParamsNonStreaming',
		module: 'completions',
		facts: {
			...sampling,
			...penalties,
			n: whole(1),
			best_of: whole(1),
			logprobs: whole(0, 5),
			max_tokens: whole(0),
			seed: whole(),
		},
	},
	embeddings: {
		...none,
		type: 'EmbeddingCreateParams',
		module: 'embeddings',
		facts: { dimensions: whole(1), input: { minItems: 1, maxItems: 2048, minLength: 1 } },
	},
	moderations: {
		...none,
		type: 'ModerationCreateParams',
		module: 'moderations',
		facts: {},
	},
	imageGenerations: {
		...none,
		type: 'ImageGenerateParamsNonStreaming',
		module: 'images',
		facts: { ...picture, prompt: { maxLength: 32_000 } },
	},
	imageEdits: {
		...none,
		type: 'ImageEditParamsNonStreaming',
		module: 'images',
		without: ['image', 'mask', 'markup'],
		required: ['images'],
		added: {
			images: { type: 'array', minItems: 1, maxItems: 16, items: inputPicture },
			mask: { ...inputPicture, type: ['object', 'null'] },
			moderation: { type: ['string', 'null'], enum: ['low', 'auto', null] },
		},
		facts: { ...picture, prompt: { maxLength: 32_000 } },
	},
};
