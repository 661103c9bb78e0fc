import type { INodePropertyOptions } from 'n8n-workflow';
import { OpenAiBatchTrigger } from '../../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { OpenAiBatchWebhookTrigger } from '../../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node';

describe.each([new OpenAiBatchTrigger().description, new OpenAiBatchWebhookTrigger().description])(
	'the text under the node $displayName',
	({ subtitle, properties }) => {
		const code = /^=\{\{(.*)\}\}$/.exec(subtitle!)![1];
		const read = new Function('$parameter', `return ${code}`) as (given: object) => string;
		const { options } = properties.find(({ name }) => name === 'events')!;

		it.each(options as INodePropertyOptions[])('has the name $name', ({ name, value }) => {
			expect(read({ events: [value] })).toBe(name);
		});

		it('has the names of several events', () => {
			expect(read({ events: ['completed', 'submission_finished'] })).toBe(
				'Completed, Submission Finished',
			);
		});
	},
);
