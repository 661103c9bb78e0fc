import type {
	IAuthenticateGeneric,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

/** A credential with the declarative forms of `authenticate` and `test`. */
export class ProbeApi implements ICredentialType {
	name = 'probeApi';
	displayName = 'Probe API';
	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
		},
		{ displayName: 'Base URL', name: 'url', type: 'string', default: '' },
		{ displayName: 'Team', name: 'team', type: 'string', default: 'everyone' },
	];
	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: {
			headers: {
				Authorization: '=Bearer {{$credentials.apiKey}}',
				'X-Team': '={{$credentials.team}}',
			},
		},
	};
	test: ICredentialTestRequest = {
		request: { baseURL: '={{$credentials.url}}', url: '/echo' },
	};
}
