import type { Page } from 'playwright-core';
import { Canvas } from '../../support/lab/editor/canvas';
import type { NodePanel } from '../../support/lab/editor/nodePanel';
import { byHand, type Step } from '../../support/lab/workflows/steps';
import { solidPng } from '../../support/sampleFiles';
import { itSeen, keep } from './seen';
import { addAction, prepare } from './workflows';
import { clientOf, type World } from './world';

const PHOTO = solidPng(64, [200, 30, 30]);

/** A manual trigger, and nodes that make an item with a photo in a binary field. */
const PHOTO_NODES: Step[] = [
	byHand,
	{
		name: 'Picture',
		type: 'n8n-nodes-base.code',
		typeVersion: 2,
		parameters: {
			jsCode: `return [{ json: ${JSON.stringify({ picture: PHOTO.toString('base64') })} }];`,
		},
	},
	{
		name: 'Photo',
		type: 'n8n-nodes-base.convertToFile',
		typeVersion: 1.1,
		parameters: {
			operation: 'toBinary',
			sourceProperty: 'picture',
			binaryPropertyName: 'photo',
			options: { fileName: 'kettle.png', mimeType: 'image/png' },
		},
	},
];

async function addMessages(panel: NodePanel): Promise<void> {
	await panel.choose('promptType', 'Messages');
	const messages = panel.list('messages');
	await messages.choose('role', 'System');
	await messages.fill('content', 'You describe products.');
	await messages.add();
	await messages.fill('content', 'What is on {{ $binary.photo.fileName }}?', 1);
	// n8n has recognized the expression.
	await messages.parameter('content', 1).locator('.cm-content').waitFor();
}

/** Adds a photo. On the way it looks at the fields that other types and sources need. */
async function addAttachment(page: Page, panel: NodePanel): Promise<void> {
	await panel.addOption('Request Options', 'Attachments');
	const attachments = panel.list('attachments');
	const fields = async () => await attachments.parameterNames();
	await attachments.add();
	expect(await fields()).toEqual(['type', 'source', 'binaryPropertyName', 'detail']);
	await attachments.choose('type', 'File');
	expect(await fields()).toEqual(['type', 'source', 'binaryPropertyName']);
	await attachments.choose('source', 'File ID');
	expect(await fields()).toEqual(['type', 'source', 'fileId']);
	await attachments.parameter('fileId').scrollIntoViewIfNeeded();
	await keep(page, 'columns 1 attached file by its id');
	await attachments.choose('type', 'Image');
	await attachments.choose('source', 'URL');
	expect(await fields()).toEqual(['type', 'source', 'url', 'detail']);
	await attachments.parameter('detail').scrollIntoViewIfNeeded();
	await keep(page, 'columns 2 attached image by its address');
	await attachments.choose('source', 'Binary Field');
	await attachments.fill('binaryPropertyName', 'photo');
	await attachments.choose('detail', 'Low');
	await keep(page, 'columns 3 attached image');
}

async function addColumns(page: Page, panel: NodePanel): Promise<void> {
	await panel.addOption('Request Options', 'Answer Columns');
	const columns = panel.list('answerColumns');
	await columns.add();
	await columns.fill('name', 'colour');
	await columns.choose('type', 'Enum');
	await columns.fill('values', 'red, green, blue');
	await columns.parameter('optional').scrollIntoViewIfNeeded();
	await keep(page, 'columns 4 enum');
	await columns.add();
	await columns.fill('name', 'alt_text', 1);
	await columns.fill('description', 'One sentence', 1);
	await columns.add();
	await columns.fill('name', 'is_new', 2);
	await columns.choose('type', 'Boolean', 2);
	await keep(page, 'columns 5 answer columns');
	const common = ['name', 'type', 'description', 'optional'];
	const withValues = ['name', 'type', 'values', 'description', 'optional'];
	expect(await columns.parameterNames()).toEqual([...withValues, ...common, ...common]);
}

/** The request body as it arrived at the service. */
async function sentBody(world: World, batchId: string): Promise<unknown> {
	const client = clientOf(world);
	const { input_file_id } = await client.batches.retrieve(batchId);
	const content = await client.files.content(input_file_id);
	return JSON.parse(await content.text()).body;
}

describe('attachments, messages and answer columns', () => {
	itSeen('are added by hand, and become fields of the content', async (page, world) => {
		const { workflowUrl } = await prepare(world, 'Photo', PHOTO_NODES);
		const canvas = new Canvas(page);
		await canvas.open(workflowUrl);
		const submit = await addAction(canvas, 'Submit items as a batch');
		await addMessages(submit);
		await addAttachment(page, submit);
		await addColumns(page, submit);
		const names = await submit.parameterNames();
		expect(names.slice(0, names.indexOf('customId') + 1)).toEqual([
			...['resource', 'operation', 'endpoint', 'requestSource', 'model', 'promptType'],
			...['role', 'content', 'role', 'content', 'customId'],
		]);
		await submit.execute();
		const [heading, row] = await submit.table();
		await keep(page, 'columns 6 submitted');
		const batchId = row[heading.indexOf('id')];
		const url = `data:image/png;base64,${PHOTO.toString('base64')}`;
		expect(await sentBody(world, batchId)).toMatchObject({
			messages: [
				{ role: 'system', content: 'You describe products.' },
				{
					role: 'user',
					content: [
						{ type: 'text', text: 'What is on kettle.png?' },
						{ type: 'image_url', image_url: { url, detail: 'low' } },
					],
				},
			],
		});
		await submit.close();

		const wait = await addAction(canvas, 'Wait for a batch to finish');
		await wait.execute();
		await wait.table();
		await keep(page, 'columns 7 waited');
		await wait.close();

		const results = await addAction(canvas, 'Get the results of a batch');
		await results.addOption('Options', 'Parse JSON');
		await results.execute();
		const [fields] = await results.table();
		await keep(page, 'columns 8 results');
		expect(fields).toEqual(expect.arrayContaining(['custom_id', 'status', 'content']));
		const [{ content }] = (await results.json()) as Array<{ content: Record<string, unknown> }>;
		expect(Object.keys(content)).toEqual(['colour', 'alt_text', 'is_new']);
		expect(['red', 'green', 'blue']).toContain(content.colour);
		expect(typeof content.alt_text).toBe('string');
		expect(typeof content.is_new).toBe('boolean');
		await keep(page, 'columns 9 results as JSON');
	});
});
