import { request } from 'undici';
import { startChatModel, type Message, type Turn } from './chatModel';
import { chatText } from './content';
import type { Lab } from '../../support/lab/lab';
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
		parameters: { 'When chat message received': { public: true } },
	});
	await lab.rest.activate(workflow);

	const { nodes } = await readExample('agent-tools');
	const chat = nodes.find((node) => node.name === 'When chat message received')!;
	const say = async (chatInput: string): Promise<string> => {
		const { body } = await request(`${lab.n8n.url}/webhook/${String(chat.webhookId)}/chat`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ action: 'sendMessage', sessionId: 'session-1', chatInput }),
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

	const tools = (model.requests[0].tools ?? []).map((tool) => tool.function);
	const fields = tools.map((tool) => [tool.name, Object.keys(tool.parameters.properties)]);
	expect(Object.fromEntries(fields)).toEqual({
		submit_request: ['prompt'],
		look_at_batch: ['batch_id'],
		get_results: ['batch_id'],
		cancel_batch: ['batch_id'],
	});
}
