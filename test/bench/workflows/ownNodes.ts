import type { Api } from '../floor/api';
import { ENDPOINT, MODEL, QUESTION } from '../node/rows';
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

/** The same for images, which Extract from File has turned into base64. */
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
        { type: 'text', text: '${QUESTION}' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,' + json.image } },
      ],
    }],
  },
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

/** The steps of workflows made of n8n's own nodes, for the same jobs. */
export class OwnNodesSteps {
	constructor(private readonly api: Api) {}

	submit = (): Step[] => [code('Make JSONL', MAKE_JSONL), ...this.send()];

	submitImages = (): Step[] => [
		extractFromFile('Extract from File', {
			operation: 'binaryToPropery',
			destinationKey: 'image',
			options: { keepSource: 'json' },
		}),
		code('Make JSONL', MAKE_IMAGE_JSONL),
		...this.send(),
	];

	private send = (): Step[] => [
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
