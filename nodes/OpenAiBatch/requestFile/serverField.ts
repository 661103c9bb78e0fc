import type { INodeProperties } from 'n8n-workflow';
import type { Server } from '../../endpoints/endpoint';

/**
 * Whose rules a request file is checked by. These operations call no API and have no credential
 * that could name the server.
 */
export const serverField: INodeProperties = {
	displayName: 'Server',
	name: 'server',
	type: 'options',
	options: [
		{ name: 'OpenAI', value: 'openai', description: 'Checks by the rules of OpenAI' },
		{
			name: 'Other',
			value: 'compatible',
			description: 'What only OpenAI refuses becomes a hint beside the output',
		},
	],
	default: 'openai',
	description: 'The server that the file is for, which decides what is an error',
};

/** The server that was chosen; OpenAI where the option is absent. */
export const serverOf = (value: unknown): Server =>
	value === 'compatible' ? 'compatible' : 'openai';
