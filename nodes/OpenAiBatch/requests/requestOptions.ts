import type { INodeProperties } from 'n8n-workflow';
import type { RequestOptions, Server } from '../../endpoints/endpoint';
import { closeObjects, unwrapSchema } from '../../endpoints/strictSchema';
import { answerColumnsField, columnsSchema } from './answerColumns';
import { attachmentsField } from './attachments.properties';
import type { ChosenAttachment } from './attachmentsOption';
import { chosenAttachments } from './attachmentsOption';
import { amount, endpointValues, jsonObject, schemaName, text } from './fieldValues';

/** The options of an item, whose binary fields have not been read yet. */
export interface ChosenOptions extends Omit<RequestOptions, 'attachments'> {
	attachments?: readonly ChosenAttachment[];
}

type Name = keyof ChosenOptions;

/** An option in the panel, and how its value is read. */
interface OptionField<Option extends Name> {
	field: INodeProperties & { name: Option };
	/** @throws {RequestProblem} for a value that cannot be meant, which only expressions have */
	read: (raw: unknown, displayName: string, server: Server) => ChosenOptions[Option];
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
			description:
				'Any other fields of the body, as JSON. They are merged into the body, also inside of objects, and override all other options.',
		},
		read: jsonObject,
	},
	answerColumns: { field: answerColumnsField, read: columnsSchema },
	attachments: { field: attachmentsField, read: chosenAttachments },
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
	jsonSchema: {
		field: {
			displayName: 'JSON Schema',
			name: 'jsonSchema',
			type: 'json',
			default:
				'{\n  "type": "object",\n  "properties": {\n    "answer": { "type": "string" }\n  },\n  "required": ["answer"],\n  "additionalProperties": false\n}',
			description:
				'The model answers with JSON that follows this schema (structured output). Get Results can parse the answers. A whole response_format is taken apart. For a flat list of fields, Answer Columns is simpler.',
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
				'Name of the schema, seen by the model. Use only letters, digits, underscores and dashes.',
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
				'Whether the answer has to follow the schema exactly. The schema then has to list all properties as required. Strict is on unless this option or the schema itself turns it off.',
		},
		read: (raw) => (typeof raw === 'boolean' ? raw : undefined),
	},
	maxTokens: {
		field: {
			displayName: 'Max Tokens',
			name: 'maxTokens',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 1000,
			description:
				'The most tokens that the model may generate for each request, including its reasoning. If this is too low, answers are cut off or empty, and you still pay for them.',
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
	promptCacheKey: {
		field: {
			displayName: 'Prompt Cache Key',
			name: 'promptCacheKey',
			type: 'string',
			default: '',
			placeholder: 'e.g. films',
			description:
				'Helps the service to find the cached beginning of a prompt, which is cheaper. Use the same key for requests that begin with the same text of 1,024 tokens or more.',
		},
		read: text,
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
				{ name: 'Maximum', value: 'max' },
				{ name: 'Medium', value: 'medium' },
				{ name: 'Minimal', value: 'minimal' },
				{ name: 'None', value: 'none' },
			],
			default: 'medium',
			description:
				'How much the model reasons before it answers. Only for reasoning models, and not every model accepts every value. An expression can return any other value.',
		},
		read: text,
	},
	reasoningSummary: {
		field: {
			displayName: 'Reasoning Summary',
			name: 'reasoningSummary',
			type: 'options',
			options: [
				{ name: 'Auto', value: 'auto', description: 'The most detailed one that the model has' },
				{ name: 'Concise', value: 'concise' },
				{ name: 'Detailed', value: 'detailed' },
			],
			default: 'auto',
			description:
				'Get Results returns a summary of what the model thought, in the field reasoning_summary. Only for reasoning models. An expression can return any other value.',
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
				'How much the answers vary. Most reasoning models accept only 1: what OpenAI certainly refuses is not sent.',
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
				'How much the answers vary, in another way than by Temperature. Most reasoning models accept only 1.',
		},
		read: amount({ min: 0, max: 1 }),
	},
	verbosity: {
		field: {
			displayName: 'Verbosity',
			name: 'verbosity',
			type: 'options',
			options: [
				{ name: 'Low', value: 'low' },
				{ name: 'Medium', value: 'medium' },
				{ name: 'High', value: 'high' },
			],
			default: 'medium',
			description:
				'How long the answers are. Models before GPT-5 accept only Medium. An expression can return any other value.',
		},
		read: text,
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
	displayOptions: { show: { requestSource: ['fields', 'rowsFile'] } },
	options: ALL.map(({ field }) => forItsEndpoints(field)),
};

type Values = Partial<Record<Name, unknown>>;

/**
 * Makes a function that returns the request options of an item in the forms that bodies need. It
 * reads again only what has changed since the item before. The function throws {RequestProblem}.
 */
export function optionsReader(server: Server): (raw: Record<string, unknown>) => ChosenOptions {
	const last = new Map<Name, { raw: unknown; value: unknown }>();
	const close = remembering(closeObjects);
	return (raw) => {
		const options: Values = {};
		for (const { field, read } of ALL) {
			const { name, displayName } = field;
			const given = raw[name];
			let known = last.get(name);
			if (!known || known.raw !== given) {
				known = { raw: given, value: read(given, displayName, server) };
				last.set(name, known);
			}
			options[name] = known.value;
		}
		return withSchema(options as unknown as ChosenOptions, close);
	};
}

/** Takes a schema out of what it is wrapped in, and makes it strict where its meaning is clear. */
function withSchema(options: ChosenOptions, close: typeof closeObjects): ChosenOptions {
	const { jsonSchema, jsonSchemaName, jsonSchemaStrict } = options;
	if (!jsonSchema) return options;
	const { schema, name, strict } = unwrapSchema(jsonSchema);
	const isStrict = jsonSchemaStrict ?? strict ?? true;
	return {
		...options,
		jsonSchema: isStrict ? close(schema) : schema,
		jsonSchemaName: jsonSchemaName || name,
		jsonSchemaStrict: isStrict,
	};
}

/** A function of objects that returns its last result again for the same object. */
function remembering<T extends object, U>(convert: (value: T) => U): (value: T) => U {
	let last: { value: T; result: U } | undefined;
	return (value) => {
		if (last?.value !== value) last = { value, result: convert(value) };
		return last.result;
	};
}
