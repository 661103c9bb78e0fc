import type { AnswerReader } from './content';
import type { Issue } from '../jsonl/fieldChecks';
import type { JsonObject, JsonValue } from '../jsonl/json';

/** Whose server gets the requests. What OpenAI refuses, a compatible server may accept. */
export type Server = 'openai' | 'compatible';

/** What the user chose for a request besides model and prompt. Unset options are undefined or ''. */
export interface RequestOptions {
	/** Fields that the body gets as they are; every endpoint takes them. */
	additionalFields?: JsonObject;
	/** The length of each vector. */
	dimensions?: number;
	imageCount?: number;
	imageQuality?: string;
	imageSize?: string;
	/** Web addresses or data URLs of images that belong to the prompt. */
	imageUrls?: string[];
	jsonSchema?: JsonObject;
	jsonSchemaName?: string;
	/** Strict unless it is false. */
	jsonSchemaStrict?: boolean;
	/** The most tokens to generate. */
	maxTokens?: number;
	reasoningEffort?: string;
	systemMessage?: string;
	temperature?: number;
	topP?: number;
}

/** An option that only some endpoints take. */
export type RequestOption = Exclude<keyof RequestOptions, 'additionalFields'>;

/** What the body of one request is made from. */
export interface RequestFields<Option extends RequestOption = RequestOption> {
	/** '' leaves the model out. */
	model: string;
	/** Text, or a list where the endpoint takes one. */
	prompt: string | JsonValue[];
	options: Pick<RequestOptions, Option | 'additionalFields'>;
}

/** Which fields of a body tokens are counted from. */
export interface TokenFields {
	/** What the model reads: only the texts in it count, not their keys. */
	prompts: readonly string[];
	/** Descriptions of tools and formats, which the model reads together with their keys. */
	definitions: readonly string[];
	/** Limits on what is generated. The first that is set holds. */
	outputLimits: readonly string[];
}

/**
 * Everything that the package knows about an endpoint. The list in the panel, the options shown
 * there, bodies, checks, token estimates and results all follow from it.
 */
export interface Endpoint<Option extends RequestOption = RequestOption> {
	/** Without the version, which some servers leave out: `/chat/completions`. */
	path: `/${string}`;
	/** Its name in the panel. */
	label: string;
	model: {
		/** Named in hints. The panel's default model suits the endpoints that have it here. */
		example: string;
		isRequired: boolean;
	};
	/** The options that its bodies have a place for; the panel shows only these. */
	options: readonly Option[];
	/**
	 * Makes a body, without the additional fields. Of the options it can read only those that the
	 * endpoint lists.
	 *
	 * @throws {RequestProblem} for fields that do not go together
	 */
	makeBody: (fields: RequestFields<NoInfer<Option>>) => JsonObject;
	/** What every server requires of a body besides the model. */
	checkBody: (body: JsonObject) => Issue[];
	/** Shapes inside of the body that OpenAI refuses. Compatible servers may have others. */
	checkShapes?: (body: JsonObject) => Issue[];
	/** Parameters and schemas that OpenAI or its models refuse; a hint for compatible servers. */
	checkParameters?: (body: JsonObject) => Issue[];
	/** How many inputs of a body count against the API's limit on embedding inputs of a batch. */
	embeddingInputs: (body: JsonObject) => number;
	/** Whether it generates something; an endpoint that does not has no output tokens. */
	generates: boolean;
	tokens: TokenFields;
	answer: AnswerReader;
}

/** Declares an endpoint, so that its `makeBody` is held to the options that it lists. */
export function defineEndpoint<const Option extends RequestOption>(
	endpoint: Endpoint<Option>,
): Endpoint<Option> {
	return endpoint;
}

/** Why an item cannot become a request. The message is for the user, in whole sentences. */
export class RequestProblem extends Error {
	constructor(
		message: string,
		/** The API's name of the place, where there is one. */
		readonly param?: string,
	) {
		super(message);
		this.name = 'RequestProblem';
	}
}

/** What OpenAI writes in front of the path of each endpoint. */
const VERSION = '/v1';

/** The path of an endpoint as OpenAI writes it, with the version in front. */
export function versionedPath(path: string): string {
	return `${VERSION}${path}`;
}

/** The path without OpenAI's version; undefined for what is not a path, such as null. */
export function unversionedPath(endpoint: unknown): string | undefined {
	if (typeof endpoint !== 'string' || endpoint === '') return undefined;
	return endpoint.startsWith(`${VERSION}/`) ? endpoint.slice(VERSION.length) : endpoint;
}

/**
 * Whether two spellings name the same endpoint: Azure writes `/chat/completions` where OpenAI has
 * `/v1/chat/completions`. An endpoint that is absent, as some servers leave it out of their
 * batches, is not the same as any other.
 */
export function isSameEndpoint(a: unknown, b: unknown): boolean {
	const path = unversionedPath(a);
	return path !== undefined && path === unversionedPath(b);
}
