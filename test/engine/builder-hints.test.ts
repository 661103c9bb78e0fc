import { NodeHelpers, type INodeType } from 'n8n-workflow';
import { name as packageName, n8n } from '../../package.json';
import { OpenAiBatch } from '../../nodes/OpenAiBatch/OpenAiBatch.node';
import { OPERATIONS } from '../../nodes/OpenAiBatch/operations';
import { OpenAiBatchTrigger } from '../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node';
import { OpenAiBatchWebhookTrigger } from '../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node';

const NODES = [OpenAiBatch, OpenAiBatchTrigger, OpenAiBatchWebhookTrigger];

const hintOf = (Node: new () => INodeType) => new Node().description.builderHint!;

const operations = OPERATIONS.batch.map(({ option }) => option.name);

const own = n8n.nodes.map((path) => {
	const file = path.split('/').at(-1)!.replace('.node.js', '');
	return `${packageName}.${file[0].toLowerCase()}${file.slice(1)}`;
});

it.each(NODES)('the hint of %p for the AI builder names what exists', (Node) => {
	const { searchHint, relatedNodes } = hintOf(Node);
	const named = operations.filter((name) => searchHint?.includes(name));
	expect(named.length + relatedNodes!.length).toBeGreaterThan(1);
	for (const { nodeType } of relatedNodes!) {
		if (nodeType.startsWith(packageName)) expect(own).toContain(nodeType);
	}
	// n8n refuses to load a node with a hint where the builder does not show it.
	const { properties } = new Node().description;
	expect(properties.filter(({ builderHint }) => builderHint !== undefined)).toEqual([]);
	expect(NodeHelpers.getNodeParameters(properties, {}, true, false, null, null)).not.toBeNull();
});

it('the builder is told the whole way: Submit, the trigger, and Get Results', () => {
	expect(hintOf(OpenAiBatch).searchHint).toMatch(
		/rows, then Submit, then Wait for Completion, then Get Results.*OpenAI Batch Trigger and Get Results/,
	);
	expect(hintOf(OpenAiBatchTrigger).searchHint).toMatch(/operation Get Results/);
	expect(hintOf(OpenAiBatchTrigger).searchHint).toContain('Submission Finished');
});
