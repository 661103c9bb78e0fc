import type {
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	Icon,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';

type Headers = Record<string, string>;

/** How a key is sent: OpenAI and most others take a bearer token, Azure a header of its own. */
const KEY_HEADERS: Record<string, (apiKey: string) => Headers> = {
	bearer: (apiKey) => ({ Authorization: `Bearer ${apiKey}` }),
	apiKeyHeader: (apiKey) => ({ 'api-key': apiKey }),
};

/** What the user reads when the test request is answered with an error status. */
function onStatus(value: number, message: string) {
	return { type: 'responseCode' as const, properties: { value, message } };
}

function text(value: unknown): string {
	return typeof value === 'string' ? value.trim() : '';
}

export class OpenAiBatchApi implements ICredentialType {
	name = 'openAiBatchApi';

	displayName = 'OpenAI Batch API';

	icon: Icon = {
		light: 'file:../nodes/OpenAiBatch/openAiBatch.svg',
		dark: 'file:../nodes/OpenAiBatch/openAiBatch.dark.svg',
	};

	documentationUrl = 'https://github.com/n8n-nodes-openai-batch/n8n-nodes-openai-batch#credentials';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: 'A key with permission to write files and batches',
		},
		{
			displayName: 'Base URL',
			name: 'url',
			type: 'string',
			default: 'https://api.openai.com/v1',
			description: 'Any server that is compatible with the OpenAI Batch API',
		},
		{
			displayName: 'Organization ID',
			name: 'organizationId',
			type: 'string',
			default: '',
			placeholder: 'e.g. org-…',
			description: 'Only for keys that belong to several organizations',
		},
		{
			displayName: 'Project ID',
			name: 'projectId',
			type: 'string',
			default: '',
			placeholder: 'e.g. proj_…',
			description: 'Batches and files belong to a project: they are found only with this one',
		},
		{
			displayName: 'Send Key As',
			name: 'authScheme',
			type: 'options',
			options: [
				{
					name: 'Bearer Token',
					value: 'bearer',
					description: 'OpenAI and most compatible servers',
				},
				{ name: 'API-Key Header', value: 'apiKeyHeader', description: 'Azure OpenAI' },
			],
			default: 'bearer',
		},
		{
			displayName: 'Add Custom Header',
			name: 'header',
			type: 'boolean',
			default: false,
			description: 'Whether to send one more header, such as a gateway asks for',
		},
		{
			displayName: 'Header Name',
			name: 'headerName',
			type: 'string',
			displayOptions: { show: { header: [true] } },
			default: '',
			placeholder: 'e.g. X-Gateway-Key',
		},
		{
			displayName: 'Header Value',
			name: 'headerValue',
			type: 'string',
			typeOptions: { password: true },
			displayOptions: { show: { header: [true] } },
			default: '',
		},
		{
			displayName: 'Webhook Signing Secret',
			name: 'webhookSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			placeholder: 'e.g. whsec_…',
			description:
				'Only for the OpenAI Batch Webhook Trigger when you register its address by hand. While a secret is rotated, enter both, with a space between them.',
		},
	];

	/** Asks for what the nodes really need, so that a key without batch permission fails here. */
	test: ICredentialTestRequest = {
		request: {
			// A query in the Base URL, such as an api-version, stays at the end.
			baseURL:
				'={{ ($credentials.url || "https://api.openai.com/v1").trim().replace(/\\/*(\\?.*)?$/, "") }}',
			url: '=/batches{{ (($credentials.url || "").match(/\\?.*$/) || [""])[0].trim() }}',
			qs: { limit: 1 },
			disableFollowRedirect: true,
		},
		// n8n shows the status line alone, "Unauthorized", and never the API's own words.
		rules: [
			onStatus(401, 'The server does not accept this API key'),
			onStatus(403, 'This API key may not use batches, or not in this organization or project'),
			onStatus(404, 'There is no Batch API at this Base URL, which usually ends with /v1'),
		],
	};

	authenticate = async (
		credentials: ICredentialDataDecryptedObject,
		request: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> => {
		const keyHeader = KEY_HEADERS[text(credentials.authScheme)] ?? KEY_HEADERS.bearer;
		const headers: Headers = keyHeader(text(credentials.apiKey));
		const organization = text(credentials.organizationId);
		const project = text(credentials.projectId);
		if (organization) headers['OpenAI-Organization'] = organization;
		if (project) headers['OpenAI-Project'] = project;
		const name = text(credentials.headerName);
		if (credentials.header && name) headers[name] = text(credentials.headerValue);
		return { ...request, headers: { ...request.headers, ...headers } };
	};
}
