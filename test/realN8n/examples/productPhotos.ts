import { createHash } from 'node:crypto';
import { PICTURES } from '../../support/emulator/pictures';
import type { Lab } from '../../support/lab/lab';
import { serveOnLoopback } from '../../support/loopback';
import { solidPng } from '../../support/sampleFiles';
import { chatText } from './content';
import { Scene } from './scene';

const PHOTOS = [
	{ product: 'Kettle', type: 'image/png', content: solidPng(64, [200, 30, 30]) },
	{ product: 'Socks', type: 'image/jpeg', content: Buffer.from(PICTURES.jpeg, 'base64') },
	{ product: 'Lamp', type: 'image/webp', content: Buffer.from(PICTURES.webp, 'base64') },
];

/** Every photo is downloaded and sent, and the text about it arrives in the row of its product. */
export async function productPhotos(lab: Lab): Promise<void> {
	const shop = await serveOnLoopback((incoming, response) => {
		const { type, content } = PHOTOS[Number(incoming.url!.slice(1))];
		response.setHeader('content-type', type).end(content);
	});
	lab.defer(shop.close);
	const scene = await Scene.open(lab);
	const rows = await scene.table(
		'photos',
		['product', 'url', 'alt_text', 'status', 'error'],
		[
			...PHOTOS.map(({ product }, index) => ({ product, url: `${shop.url}/${index}` })),
			{ product: 'Done', url: 'http://127.0.0.1:1/none', alt_text: 'By hand' },
		],
	);
	const workflow = await scene.import('product-photos');
	await scene.run(workflow, 'Start');

	const [{ id }] = scene.batches;
	const answers = scene.answers(id);
	expect([...answers.keys()].sort()).toEqual(['1', '2', '3']);
	const found = await rows();
	for (const [index, { product, type, content }] of PHOTOS.entries()) {
		const key = String(index + 1);
		const image = { url: `data:${type};base64,${content.toString('base64')}`, detail: 'low' };
		const part = { type: 'image_url', image_url: image };
		expect(scene.requests(id).get(key)).toHaveProperty('messages.0.content.1', part);
		const text = chatText(answers.get(key));
		// The service has seen these very bytes.
		const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
		expect(text).toContain(`"${product}". [${type} ${content.length} bytes ${hash}]`);
		expect(found[index]).toMatchObject({ product, alt_text: text, status: 'succeeded' });
	}
	expect(found[3]).toMatchObject({ product: 'Done', alt_text: 'By hand', status: null });
}
