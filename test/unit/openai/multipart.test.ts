import { StreamedForm } from '../../../nodes/openai/multipart';

test('a chunk of any size is sent in slices, each of which counts as a movement', async () => {
	const content = Buffer.alloc(1_000_000, 'abc');
	let moves = 0;
	const guard = { touch: () => void moves++, abort: () => {} };
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
