import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';
import { DEFAULT_ENDPOINT, ENDPOINTS, urlFault } from '../../endpoints';
import type { Endpoint } from '../../endpoints/endpoint';
import { versionedPath } from '../../endpoints/paths';

/** The value of the list for an endpoint whose path the user types. */
const OTHER = 'other';

const choices = [
	...ENDPOINTS.map(({ label, path }) => ({ name: label, value: versionedPath(path) })),
	{
		name: 'Other',
		value: OTHER,
		description: 'An endpoint of a compatible server, or one that is newer than this node',
	},
].sort((a, b) => a.name.localeCompare(b.name));

/** The endpoint of a batch: one of the list, in OpenAI's spelling, or any other path. */
export const endpointFields: INodeProperties[] = [
	{
		displayName: 'Endpoint',
		name: 'endpoint',
		type: 'options',
		options: choices,
		default: versionedPath(DEFAULT_ENDPOINT.path),
		description: 'The API endpoint that every request of the batch goes to',
	},
	{
		displayName: 'Endpoint Path',
		name: 'otherEndpoint',
		type: 'string',
		displayOptions: { show: { endpoint: [OTHER] } },
		default: '',
		required: true,
		placeholder: 'e.g. /chat/completions',
		description: 'The path in the form that the server expects, often with a version in front',
	},
];

/**
 * The values of the Endpoint field for some endpoints, to show or hide other fields by. A path that
 * is typed may be any of them, so it is always among the values.
 */
export function endpointValues(isMeant: (endpoint: Endpoint) => boolean): string[] {
	return [...ENDPOINTS.filter(isMeant).map(({ path }) => versionedPath(path)), OTHER];
}

/** The endpoint that was chosen or typed. @throws {NodeOperationError} when it is not a path */
export function endpointParameter(context: IExecuteFunctions, itemIndex: number): string {
	const chosen = context.getNodeParameter('endpoint', itemIndex) as string;
	const endpoint =
		chosen === OTHER ? (context.getNodeParameter('otherEndpoint', itemIndex) as string) : chosen;
	const path = typeof endpoint === 'string' ? endpoint.trim() : '';
	// A path that is nearly a known one may be one of a compatible server's own.
	if (path.startsWith('/') && !path.startsWith('//')) return path;
	const fault = path === '' ? 'It is empty.' : urlFault(path, 'endpoint');
	throw new NodeOperationError(context.getNode(), 'The endpoint has to be a path', {
		itemIndex,
		description: `${fault} A path begins with a slash, for example /v1/chat/completions.`,
	});
}
