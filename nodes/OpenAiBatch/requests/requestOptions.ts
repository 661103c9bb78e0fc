import type { INodeProperties } from 'n8n-workflow';
import { endpointValues } from './endpointField';
import type { RequestOptions } from '../../endpoints/endpoint';
import { RequestProblem } from '../../endpoints/endpoint';
import type { JsonObject } from '../../jsonl/json';
import { isObject, tryParseJson } from '../../jsonl/json';

/** Whether the panel stores this for an option that was not filled in. */
const isUnset = (value: unknown): value is undefined | null | '' =>
	value === undefined || value === null || value === '';

/** Reads a JSON field of the panel: text, or an object that an expression returned. */
export function jsonObject(value: unknown, displayName: string): JsonObject | undefined {
	if (isUnset(value)) return undefined;
	if (isObject(value)) return value;
	const parsed = tryParseJson(String(value));
	if (!parsed.ok) {
		throw new RequestProblem(`${displayName} is not valid JSON: ${parsed.message}.`);
	}
	if (isObject(parsed.value)) return parsed.value;
	throw new RequestProblem(`${displayName} has to be a JSON object.`);
}

/** What separates two addresses. Addresses may contain commas, and data URLs always do. */
const BETWEEN_ADDRESSES = /\r?\n|,\s*(?=(?:https?|data):)/;

/** Reads addresses separated by commas or line breaks, or a list that an expression returned. */
export function addresses(value: unknown, displayName: string): string[] | undefined {
	if (isUnset(value)) return undefined;
	const list: unknown[] = Array.isArray(value) ? value : String(value).split(BETWEEN_ADDRESSES);
	const found = list.map((address) => String(address).trim()).filter((address) => address !== '');
	const wrong = found.find((address) => !/^(?:https?|data):/i.test(address));
	if (wrong === undefined) return found;
	throw new RequestProblem(
		`${displayName} have to be web addresses or data URLs, but '${wrong.slice(0, 60)}' is neither.`,
	);
}

interface Range {
	min: number;
	max?: number;
	isWhole?: boolean;
}

function describe({ min, max, isWhole }: Range): string {
	const bounds = max === undefined ? `of at least ${min}` : `between ${min} and ${max}`;
	return `a ${isWhole ? 'whole number' : 'number'} ${bounds}`;
}

/** Makes a reader of numbers within the bounds of the panel, which does not check expressions. */
export function amount(range: Range) {
	return (value: unknown, displayName: string): number | undefined => {
		if (isUnset(value)) return undefined;
		const number = typeof value === 'string' ? Number(value) : value;
		const isRight =
			typeof number === 'number' &&
			(range.isWhole ? Number.isInteger(number) : Number.isFinite(number)) &&
			number >= range.min &&
			number <= (range.max ?? Infinity);
		if (isRight) return number;
		throw new RequestProblem(`${displayName} has to be ${describe(range)}.`);
	};
}

/** Reads a text; numbers and booleans are written out. */
export function text(value: unknown, displayName: string): string | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== 'object') return String(value);
	throw new RequestProblem(`${displayName} has to be text.`);
}

/** Reads the name of a schema. The API refuses other names, but only when the requests run. */
export function schemaName(value: unknown, displayName: string): string | undefined {
	const name = text(value, displayName);
	if (!name || /^[\w-]{1,64}$/.test(name)) return name;
	throw new RequestProblem(
		`${displayName} can have only letters, digits, underscores and dashes, and at most 64 of them.`,
	);
}

type Name = keyof RequestOptions;

/** An option in the panel, and how its value is read. */
interface OptionField<Option extends Name> {
	field: INodeProperties & { name: Option };
	/** @throws {RequestProblem} for a value that cannot be meant, which only expressions have */
	read: (raw: unknown, displayName: string) => RequestOptions[Option];
}

const count = amount({ min: 1, isWhole: true });

/** Every request option, in the alphabetical order of the panel. */
const OPTIONS: { [Option in Name]-?: OptionField<Option> } = {
	additionalFields: {
		field: {
			displayName: 'Additional Body Fields',
			name: 'additionalFields',
			type: 'json',
			default: '{}',
			description: 'Any other fields of the body, as JSON. They override all other options.',
		},
		read: jsonObject,
	},
	dimensions: {
		field: {
			displayName: 'Dimensions',
			name: 'dimensions',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 1536,
			description: 'The length of each vector. Only some models can shorten their vectors.',
		},
		read: count,
	},
	imageQuality: {
		field: {
			displayName: 'Image Quality',
			name: 'imageQuality',
			type: 'string',
			default: '',
			placeholder: 'e.g. medium',
			description: 'One of the qualities that the model offers. If empty, the model decides.',
		},
		read: text,
	},
	imageSize: {
		field: {
			displayName: 'Image Size',
			name: 'imageSize',
			type: 'string',
			default: '',
			placeholder: 'e.g. 1024x1024',
			description: 'One of the sizes that the model offers. If empty, the model decides.',
		},
		read: text,
	},
	imageUrls: {
		field: {
			displayName: 'Image URLs',
			name: 'imageUrls',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://example.com/cat.png',
			description:
				'The images that belong to the prompt. Enter public web addresses or data: URLs, separated by commas or line breaks, or an expression that returns a list. Image Edits needs at least one.',
		},
		read: addresses,
	},
	jsonSchema: {
		field: {
			displayName: 'JSON Schema',
			name: 'jsonSchema',
			type: 'json',
			default:
				'{\n  "type": "object",\n  "properties": {\n    "answer": { "type": "string" }\n  },\n  "required": ["answer"],\n  "additionalProperties": false\n}',
			description:
				'The model answers with JSON that follows this schema (structured output). Get Results can parse the answers.',
		},
		read: jsonObject,
	},
	jsonSchemaName: {
		field: {
			displayName: 'JSON Schema Name',
			name: 'jsonSchemaName',
			type: 'string',
			default: 'answer',
			description:
				'Tells the model what the answer is. Use only letters, digits, underscores and dashes.',
		},
		read: schemaName,
	},
	jsonSchemaStrict: {
		field: {
			displayName: 'JSON Schema Strict',
			name: 'jsonSchemaStrict',
			type: 'boolean',
			default: true,
			description:
				'Whether the answer has to follow the schema exactly. The schema then has to list all properties as required and allow no others. Strict is on unless you add this option and turn it off.',
		},
		read: (raw) => raw !== false,
	},
	maxTokens: {
		field: {
			displayName: 'Max Tokens',
			name: 'maxTokens',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 1000,
			description:
				'The most tokens that the model may generate for each request, including its reasoning. If this is too low, answers are cut off or empty, and you pay for them all the same.',
		},
		read: count,
	},
	imageCount: {
		field: {
			displayName: 'Number of Images',
			name: 'imageCount',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 1,
			description: 'How many images to generate for each prompt. You pay for every image.',
		},
		read: count,
	},
	reasoningEffort: {
		field: {
			displayName: 'Reasoning Effort',
			name: 'reasoningEffort',
			type: 'options',
			options: [
				{ name: 'Extra High', value: 'xhigh' },
				{ name: 'High', value: 'high' },
				{ name: 'Low', value: 'low' },
				{ name: 'Medium', value: 'medium' },
				{ name: 'Minimal', value: 'minimal' },
				{ name: 'None', value: 'none' },
			],
			default: 'medium',
			description:
				'How much the model reasons before it answers. Only for reasoning models, and not every model accepts every value.',
		},
		read: text,
	},
	systemMessage: {
		field: {
			displayName: 'System Message',
			name: 'systemMessage',
			type: 'string',
			typeOptions: { rows: 3 },
			default: '',
			placeholder: 'e.g. You classify films by genre.',
			description:
				'Instructions sent with every request. Using the same text in all requests is cheapest.',
		},
		read: text,
	},
	temperature: {
		field: {
			displayName: 'Temperature',
			name: 'temperature',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: 2, numberPrecision: 2 },
			default: 1,
			description:
				'How much the answers vary. Do not use it with reasoning models: every request would fail.',
		},
		read: amount({ min: 0, max: 2 }),
	},
	topP: {
		field: {
			displayName: 'Top P',
			name: 'topP',
			type: 'number',
			typeOptions: { minValue: 0, maxValue: 1, numberPrecision: 2 },
			default: 1,
			description:
				'How much the answers vary, in another way than by Temperature. Do not use it with reasoning models: every request would fail.',
		},
		read: amount({ min: 0, max: 1 }),
	},
};

const ALL = Object.values<OptionField<Name>>(OPTIONS);

/** Shows an option only with the endpoints that take it. */
function forItsEndpoints({ name, ...field }: OptionField<Name>['field']): INodeProperties {
	if (name === 'additionalFields') return { name, ...field };
	const shown = endpointValues(({ options }) => options.includes(name));
	return { name, ...field, displayOptions: { show: { '/endpoint': shown } } };
}

export const requestOptionsField: INodeProperties = {
	displayName: 'Request Options',
	name: 'requestOptions',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	displayOptions: { show: { requestSource: ['fields'] } },
	options: ALL.map(({ field }) => forItsEndpoints(field)),
};

/** The request options of one item in the forms that bodies need. @throws {RequestProblem} */
export function readOptions(raw: Record<string, unknown>): RequestOptions {
	const options: Partial<Record<Name, unknown>> = {};
	for (const { field, read } of ALL) {
		options[field.name] = read(raw[field.name], field.displayName);
	}
	return options as unknown as RequestOptions;
}
