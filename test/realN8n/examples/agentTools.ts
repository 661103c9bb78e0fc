import { FormData, request } from 'undici';
import { startChatModel, type Message, type Turn } from './chatModel';
import { chatText } from './content';
import type { Lab } from '../../support/lab/lab';
import { pdf } from '../../support/sampleFiles';
import { Scene } from './scene';
import { readExample } from './files';

const TASK = 'Summarize the history of the zip';

/** The model's reaction to each request of the user; it takes the batch id from the conversation. */
const CALLS: Array<{ wish: RegExp; call: (batchId?: string) => Turn }> = [
	{ wish: /not urgent/, call: () => ({ tool: 'submit_request', arguments: { prompt: TASK } }) },
	{ wish: /how far/, call: (id) => ({ tool: 'look_at_batch', arguments: { batch_id: id } }) },
	{ wish: /answer/, call: (id) => ({ tool: 'get_results', arguments: { batch_id: id } }) },
	{ wish: /stop/, call: (id) => ({ tool: 'cancel_batch', arguments: { batch_id: id } }) },
];

const CHAT = 'When chat message received';

/**
 * The files of the message, as the README has it; when the user says so, all fields of the item that
 * the tool itself gets.
 */
const FILES = `={{ $('${CHAT}').first().json.chatInput.includes('by name') ? '*' : Object.values($('${CHAT}').first().binary ?? {}) }}`;

/** Calls the tool that the user's last message asks for, and then repeats the tool's answer. */
function decide(messages: Message[]): Turn {
	const last = messages.at(-1)!;
	if (last.role === 'tool') return { words: String(last.content) };
	const batchId = JSON.stringify(messages)
		.match(/batch_[0-9a-f]+/g)
		?.at(-1);
	return CALLS.find(({ wish }) => wish.test(String(last.content)))!.call(batchId);
}

/** Each tool call of the agent reaches the API, and what it returns is what the model reads. */
export async function agentTools(lab: Lab): Promise<void> {
	const model = await startChatModel(decide);
	lab.defer(model.close);
	const openAi = { apiKey: 'sk-model', url: model.url };
	const { id, name } = await lab.rest.createCredential('openAiApi', 'OpenAI', openAi);
	const scene = await Scene.open(lab, { clock: 'manual' });
	const workflow = await scene.import('agent-tools', {
		credentials: { openAiApi: { id, name } },
		parameters: {
			[CHAT]: { public: true, options: { allowFileUploads: true } },
			submit_request: {
				requestOptions: {
					attachments: { values: [{ type: 'file', binaryPropertyName: FILES }] },
				},
			},
		},
	});
	await lab.rest.activate(workflow);

	const { nodes } = await readExample('agent-tools');
	const chat = nodes.find((node) => node.name === CHAT)!;
	const say = async (chatInput: string, file?: Buffer): Promise<string> => {
		const form = new FormData();
		const fields = { action: 'sendMessage', sessionId: 'session-1', chatInput };
		for (const [name, value] of Object.entries(fields)) form.set(name, value);
		if (file)
			form.set('files', new File([Uint8Array.from(file)], 'zips.pdf', { type: 'application/pdf' }));
		const { body } = await request(`${lab.n8n.url}/webhook/${String(chat.webhookId)}/chat`, {
			method: 'POST',
			body: form,
		});
		return ((await body.json()) as { output: string }).output;
	};

	const submitted = await say('Have it summarized, it is not urgent');
	const [batch] = scene.batches;
	expect(submitted).toContain(batch.id);
	expect(scene.emulator.file(batch.input_file_id).text()).toContain(TASK);
	expect(await say('how far is it?')).toContain('"validating"');
	await scene.emulator.step(batch.id, 'completed');
	expect(await say('how far is it now?')).toContain('"completed"');
	const text = chatText(scene.answers(batch.id).get('request'));
	expect(text).toContain(TASK);
	expect(await say('Tell me the answer')).toContain(JSON.stringify(text).slice(1, -1));

	await say('Once more, it is not urgent');
	await say('Please stop it');
	expect(scene.batches.map(({ status }) => status)).toEqual(['completed', 'cancelling']);

	// n8n gives tools no files: an expression finds those of the conversation, and a name does not.
	const file = pdf(['The history of the zip']);
	await say('This one is not urgent', file);
	const { input_file_id: input } = scene.batches.at(-1)!;
	const data = `data:application/pdf;base64,${file.toString('base64')}`;
	expect(scene.emulator.file(input).text()).toContain(data);
	await say('This one, by name, is not urgent', file);
	const [last] = await scene.rest.executions(workflow);
	const { data: found } = await scene.rest.execution(last.id);
	const [{ error }] = found.resultData.runData.submit_request;
	// n8n's own words are around the message.
	expect(JSON.stringify(error)).toContain('The item has no binary fields to attach.');
	expect(scene.batches).toHaveLength(3);

	const tools = (model.requests[0].tools ?? []).map((tool) => tool.function);
	const fields = tools.map((tool) => [tool.name, Object.keys(tool.parameters.properties)]);
	expect(Object.fromEntries(fields)).toEqual({
		submit_request: ['prompt'],
		look_at_batch: ['batch_id'],
		get_results: ['batch_id'],
		cancel_batch: ['batch_id'],
	});
}
