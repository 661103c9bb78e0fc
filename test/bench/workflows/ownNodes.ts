import type { Api } from '../floor/api';
import { INSTRUCTIONS } from '../node/csv';
import { DATA_URL, ENDPOINT, IMAGE_PROMPT, MODEL } from '../node/rows';
import type { Step } from '../../support/lab/workflows/steps';
import { code, convertToFile, extractFromFile, httpRequest } from './nodes';

/** Makes the JSONL of a batch, as the tutorials for it do. */
const MAKE_JSONL = `
const lines = $input.all().map(({ json }) => JSON.stringify({
  custom_id: json.id,
  method: 'POST',
  url: '${ENDPOINT}',
  body: { model: '${MODEL}', messages: [{ role: 'user', content: json.text }] },
}));
return [{ json: { jsonl: lines.join('\\n') + '\\n' } }];
`;

/** Makes the JSONL of a batch from images that Extract from File has turned into base64. */
const MAKE_IMAGE_JSONL = `
const lines = $input.all().map(({ json }) => JSON.stringify({
  custom_id: json.id,
  method: 'POST',
  url: '${ENDPOINT}',
  body: {
    model: '${MODEL}',
    messages: [{
      role: 'user',
      content: [
        { type: 'text', text: '${IMAGE_PROMPT}' },
        { type: 'image_url', image_url: { url: '${DATA_URL}' + json.image } },
      ],
    }],
  },
}));
return [{ json: { jsonl: lines.join('\\n') + '\\n' } }];
`;

/** Makes the JSONL of a batch from the rows of a CSV file. */
const MAKE_CSV_JSONL = `
const lines = $input.all().map(({ json: { id, title, text } }) => JSON.stringify({
  custom_id: id,
  method: 'POST',
  url: '${ENDPOINT}',
  body: { model: '${MODEL}', messages: [{ role: 'user', content: \`${INSTRUCTIONS}\${title}: \${text}\` }] },
}));
return [{ json: { jsonl: lines.join('\\n') + '\\n' } }];
`;

const LINES = `
const linesOf = (text) => text.split('\\n').filter(Boolean).map((line) => JSON.parse(line));
`;

const PARSE = `${LINES}
return linesOf($input.first().json.output).map(({ custom_id, response }) => ({
  json: {
    custom_id,
    content: response.body.choices[0].message.content,
    usage: response.body.usage,
  },
}));
`;

const PARSE_AND_JOIN = `${LINES}
const requests = new Map(linesOf($input.first().json.input).map((line) => [line.custom_id, line.body]));
return linesOf($('Extract output').first().json.output).map(({ custom_id, response }) => ({
  json: {
    custom_id,
    content: response.body.choices[0].message.content,
    usage: response.body.usage,
    request: requests.get(custom_id),
  },
}));
`;

const PARSE_AND_JOIN_ROWS = `${LINES}
const answers = new Map(linesOf($input.first().json.output).map(({ custom_id, response }) => [
  custom_id,
  response.body,
]));
return $('Extract rows').all().map(({ json }) => {
  const { choices, usage } = answers.get(json.id);
  return {
    json: {
      ...json,
      content: choices[0].message.content,
      input_tokens: usage.prompt_tokens,
      output_tokens: usage.completion_tokens,
    },
  };
});
`;

const extractRows = extractFromFile('Extract rows', { operation: 'csv' });

/** The steps of workflows made of n8n's own nodes, for the same jobs. */
export class OwnNodesSteps {
	constructor(private readonly api: Api) {}

	submit = (): Step[] => this.submitLines(MAKE_JSONL);

	images = (): Step[] => [
		extractFromFile('Extract image', {
			operation: 'binaryToPropery',
			destinationKey: 'image',
			options: { keepSource: 'json' },
		}),
		...this.submitLines(MAKE_IMAGE_JSONL),
	];

	private submitLines = (makeJsonl: string): Step[] => [
		code('Make JSONL', makeJsonl),
		convertToFile('Convert to File', {
			operation: 'toText',
			sourceProperty: 'jsonl',
			options: { fileName: 'requests.jsonl' },
		}),
		...this.upload('batch'),
		this.request('Create batch', 'batches', {
			method: 'POST',
			sendBody: true,
			specifyBody: 'json',
			jsonBody: `={{ { input_file_id: $json.id, endpoint: '${ENDPOINT}', completion_window: '24h' } }}`,
		}),
	];

	results = (outputFileId: string, inputFileId?: string): Step[] => [
		...this.text('output', outputFileId),
		...(inputFileId ? this.text('input', inputFileId) : []),
		code('Parse', inputFileId ? PARSE_AND_JOIN : PARSE),
	];

	submitFile = (): Step[] => [extractRows, ...this.submitLines(MAKE_CSV_JSONL)];

	resultsFile = (outputFileId: string): Step[] => [
		extractRows,
		...this.text('output', outputFileId).map((step) => ({ ...step, executeOnce: true })),
		code('Parse', PARSE_AND_JOIN_ROWS),
		convertToFile('Convert to CSV', { operation: 'csv' }),
	];

	upload = (purpose = 'user_data'): Step[] => [
		this.request('Upload', 'files', {
			method: 'POST',
			sendBody: true,
			contentType: 'multipart-form-data',
			bodyParameters: {
				parameters: [
					{ parameterType: 'formBinaryData', name: 'file', inputDataFieldName: 'data' },
					{ name: 'purpose', value: purpose },
				],
			},
		}),
	];

	download = (fileId: string, name = 'Download'): Step[] => [
		this.request(name, `files/${fileId}/content`, {
			options: { response: { response: { responseFormat: 'file' } } },
		}),
	];

	private text = (name: string, fileId: string): Step[] => [
		...this.download(fileId, `Download ${name}`),
		extractFromFile(`Extract ${name}`, { operation: 'text', destinationKey: name }),
	];

	private request(name: string, path: string, parameters: Record<string, unknown>): Step {
		const { url, apiKey } = this.api;
		const authorization = { name: 'Authorization', value: `Bearer ${apiKey}` };
		return httpRequest(name, {
			url: `${url}/${path}`,
			sendHeaders: true,
			headerParameters: { parameters: [authorization] },
			...parameters,
		});
	}
}
