import { StreamedForm } from '../../../../nodes/openai/http/multipart';

test('a chunk of any size is sent in slices, each of which counts as a movement', async () => {
	const content = Buffer.alloc(1_000_000, 'abc');
	let moves = 0;
	const { signal } = new AbortController();
	const guard = { touch: () => void moves++, abort: () => {}, signal };
	async function* open() {
		yield content;
	}
	const source = { fileName: 'a', contentType: 'b', bytes: content.length, open };
	const [[, file]] = new StreamedForm(source, [], guard).entries();

	const sent: Uint8Array[] = [];
	for await (const slice of (file as Blob).stream() as unknown as AsyncIterable<Uint8Array>)
		sent.push(slice);

	expect(Buffer.concat(sent).equals(content)).toBe(true);
	expect(sent.length).toBeGreaterThan(3);
	expect(moves).toBe(sent.length);
});

describe('a source that is waiting', () => {
	it.each<[string, (form: StreamedForm, controller: AbortController) => void]>([
		['is not to blame when the signal ends it', (_form, controller) => controller.abort()],
		['is told when the request is over', (form) => form.close()],
	])('%s', async (_what, end) => {
		const controller = new AbortController();
		const guard = {
			touch: () => {},
			abort: () => controller.abort(),
			signal: controller.signal,
		};
		async function* open(signal?: AbortSignal) {
			yield Buffer.from('a');
			await new Promise((resolve) => signal?.addEventListener('abort', resolve));
			throw new Error('Nobody wants it any more');
		}
		const form = new StreamedForm({ fileName: 'a', contentType: 'b', bytes: 9, open }, [], guard);
		const [[, file]] = form.entries();
		const stream = (file as Blob).stream() as unknown as AsyncIterable<Uint8Array>;
		const content = stream[Symbol.asyncIterator]();
		await content.next();

		const next = content.next();
		end(form, controller);

		await expect(next).resolves.toMatchObject({ done: true });
		expect(form.sourceError).toBeUndefined();
	});
});
