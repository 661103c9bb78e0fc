import type { INodeParameters, INodeTypeDescription } from 'n8n-workflow';
import { NodeHelpers } from 'n8n-workflow';
import { OpenAiBatch } from '../../../../nodes/OpenAiBatch/OpenAiBatch.node';

const { description } = new OpenAiBatch();

/** What n8n makes of a node that is used as a tool. */
const TOOL: INodeTypeDescription = {
	...description,
	name: `${description.name}Tool`,
	outputs: ['ai_tool'],
};

/** The parameters of a node as n8n reads them: without those that the panel does not show. */
function shown(type: INodeTypeDescription, parameters: INodeParameters) {
	const all: INodeParameters = { resource: 'batch', operation: 'wait', ...parameters };
	const node = { typeVersion: 1 };
	return NodeHelpers.getNodeParameters(type.properties, all, true, false, node, type);
}

test('the form of the wait is a choice of the node', () => {
	expect(shown(description, {})).toMatchObject({ duringWait: 'open' });
	expect(shown(description, { duringWait: 'park' })).toMatchObject({ duringWait: 'park' });
});

test('a tool, which has no outputs to connect, waits with the execution open', () => {
	expect(shown(TOOL, { duringWait: 'park' })).not.toHaveProperty('duringWait');
});
