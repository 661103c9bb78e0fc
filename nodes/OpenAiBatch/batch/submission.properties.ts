import type { INodeProperties } from 'n8n-workflow';

/** The options of every operation that creates batches; `SubmissionChoices` reads them. */
export function submissionKeyField(placeholder: string, description: string): INodeProperties {
	return {
		displayName: 'Submission Key',
		name: 'submissionKey',
		type: 'string',
		default: '',
		placeholder,
		description,
	};
}

export const createWithoutSearchField: INodeProperties = {
	displayName: 'Create Without Search',
	name: 'createWithoutSearch',
	type: 'boolean',
	default: true,
	description:
		'Whether to create batches also when the server has no list of batches. This node then cannot find what earlier tries have created: after a lost answer, look at the server before you run it again, since a second batch is charged too.',
};
