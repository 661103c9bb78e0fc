import type {
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	ICredentialType,
	Icon,
	IHttpRequestOptions,
	INodeProperties,
} from 'n8n-workflow';

type Headers = Record<string, string>;

/** How the key is sent: OpenAI and most servers expect a bearer token, Azure its own header. */
const KEY_HEADERS: Record<string, (apiKey: string) => Headers> = {
	bearer: (apiKey) => ({ Authorization: `Bearer ${apiKey}` }),
	apiKeyHeader: (apiKey) => ({ 'api-key': apiKey }),
};

/** The message for the user when the test request is answered with this status. */
function onStatus(value: number, message: string) {
	return { type: 'responseCode' as const, properties: { value, message } };
}

/**
 * The message for a web page in place of an answer. A rule can only compare one value of the answer,
 * so there is one for each place where the first tag may be: behind a line break, or a mark. JSON has
 * no such character there.
 */
const WEB_PAGE = [0, 1, 2].map((at) => ({
	type: 'responseSuccessBody' as const,
	properties: {
		key: `[${at}]`,
		value: '<',
		message:
			'There is a web page at this Base URL and not an API. The Base URL usually ends with /v1.',
	},
}));

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

	documentationUrl =
		'https://github.com/n8n-nodes-openai-batch/n8n-nodes-openai-batch/blob/HEAD/docs/servers.md';

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
			description: 'The address of OpenAI, or of a server that is compatible with its Batch API',
		},
		{
			displayName: 'Organization ID',
			name: 'organizationId',
			type: 'string',
			default: '',
			placeholder: 'e.g. org-…',
			description: 'Needed only if the key belongs to several organizations',
		},
		{
			displayName: 'Project ID',
			name: 'projectId',
			type: 'string',
			default: '',
			placeholder: 'e.g. proj_…',
			description:
				'Batches and files belong to a project. Enter its ID if the key can use several projects.',
		},
		{
			displayName: 'Send Key As',
			name: 'authScheme',
			type: 'options',
			options: [
				{
					name: 'Bearer Token',
					value: 'bearer',
					description: 'Expected by OpenAI and most compatible servers',
				},
				{ name: 'API-Key Header', value: 'apiKeyHeader', description: 'Expected by Azure OpenAI' },
			],
			default: 'bearer',
		},
		{
			displayName: 'Add Custom Header',
			name: 'header',
			type: 'boolean',
			default: false,
			description: 'Whether to send an additional header, for example for a gateway',
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
				'Needed only for the OpenAI Batch Webhook Trigger, when you register its URL yourself. While you rotate the secret, enter the old and the new one with a space between them.',
		},
	];

	/** Requests what the nodes need, so that a key without permission for batches fails here. */
	test: ICredentialTestRequest = {
		request: {
			// A query in the Base URL, such as an api-version, has to stay at the end.
			baseURL:
				'={{ ($credentials.url || "https://api.openai.com/v1").trim().replace(/\\/*(\\?.*)?$/, "") }}',
			url: '=/batches{{ (($credentials.url || "").match(/\\?.*$/) || [""])[0].trim() }}',
			qs: { limit: 1 },
			disableFollowRedirect: true,
			// As text, so that the rules below can look at its first characters. Of a list without
			// anything in it, n8n would make no item, and the rules would fail.
			encoding: 'text',
		},
		// Without rules n8n shows the status line only, such as "Unauthorized", not the API's words.
		rules: [
			onStatus(401, 'The server does not accept this API key'),
			onStatus(403, 'This API key has no permission for batches in this organization or project'),
			onStatus(404, 'There is no Batch API at this Base URL, which usually ends with /v1'),
			...WEB_PAGE,
		] as ICredentialTestRequest['rules'],
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
