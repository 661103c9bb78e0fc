import type { Account } from '../test/support/lab/account';
import { readFirstWorkflow } from '../test/support/lab/editor/firstWorkflow';
import type { WorkflowJson } from '../test/support/lab/n8n/types';
import { byHand, chain, type Step } from '../test/support/lab/workflows/steps';

/** The workflow of the README's "First workflow", with the names that the editor gives to nodes. */
function firstSteps({ step }: Account): { before: Step[]; wait: Step; after: Step[] } {
	const { rows, prompt, customId } = readFirstWorkflow();
	return {
		before: [
			{ ...byHand, name: 'When clicking ‘Execute workflow’' },
			{
				name: 'Code in JavaScript',
				type: 'n8n-nodes-base.code',
				typeVersion: 2,
				parameters: { jsCode: rows },
			},
			step('Submit items as a batch', 'batch', 'submit', {
				prompt: `=${prompt}`,
				customId: `=${customId}`,
			}),
		],
		wait: step('Wait for a batch to finish', 'batch', 'wait'),
		after: [
			step('Get the results of a batch', 'batch', 'getResults'),
			{
				name: 'Update row(s)',
				type: 'n8n-nodes-base.dataTable',
				typeVersion: 1.1,
				parameters: {
					resource: 'row',
					operation: 'update',
					dataTableId: { __rl: true, mode: 'name', value: 'films' },
					matchType: 'allConditions',
					filters: {
						conditions: [{ keyName: 'id', condition: 'eq', keyValue: '={{ $json.custom_id }}' }],
					},
					columns: { mappingMode: 'defineBelow', value: { genre: '={{ $json.content }}' } },
				},
			},
		],
	};
}

const assignment = (name: string, value: string, type = 'string') => ({
	id: name,
	name,
	type,
	value: `={{ ${value} }}`,
});

/** Shows each answer with its film. */
const EDIT_FIELDS: Step = {
	name: 'Edit Fields',
	type: 'n8n-nodes-base.set',
	typeVersion: 3.4,
	parameters: {
		assignments: {
			assignments: [
				assignment('custom_id', '$json.custom_id'),
				assignment('film', "$('Code in JavaScript').item.json.title"),
				assignment('genre', '$json.content'),
				assignment('tokens', '$json.usage.total_tokens', 'number'),
			],
		},
	},
};

/** The distance at which the editor puts a node behind another one. */
const STEP = 224;

/** Workflows below each other, as one. */
function together(...workflows: WorkflowJson[]): WorkflowJson {
	const nodes = workflows.flatMap((workflow, row) =>
		workflow.nodes.map((node, index) => ({ ...node, position: [index * STEP, row * STEP] })),
	);
	const connections = Object.assign({}, ...workflows.map((workflow) => workflow.connections));
	return { name: 'Films', nodes, connections, settings: { executionOrder: 'v1' } };
}

/** The workflows that the pictures of the README show. */
export function readmeWorkflows(account: Account): Record<'one' | 'fields' | 'two', WorkflowJson> {
	const { before, wait, after } = firstSteps(account);
	const [getResults, destination] = after;
	const trigger: Step = {
		name: 'OpenAI Batch Trigger',
		type: 'n8n-nodes-openai-batch.openAiBatchTrigger',
		typeVersion: 1,
		parameters: {},
		credentials: { openAiBatchApi: account.credential },
	};
	const withErrors = { ...getResults, onError: 'continueErrorOutput' };
	return {
		one: together(chain('', [...before, wait, getResults, destination])),
		fields: together(chain('', [...before, wait, getResults, EDIT_FIELDS])),
		two: together(chain('', before), chain('', [trigger, withErrors, destination])),
	};
}
