import { createHmac } from 'node:crypto';

import fc from 'fast-check';
import OpenAI from 'openai';
import { Webhook } from 'standardwebhooks';

import {
	isRecent,
	isSigned,
	type Delivery,
} from '../../../nodes/OpenAiBatchWebhookTrigger/signature';

const client = new OpenAI({ apiKey: 'sk-nobody', baseURL: 'http://127.0.0.1:1' });
const now = () => Math.floor(Date.now() / 1000);

const secretOf = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString('base64')}`;
const SECRET = secretOf(Buffer.from('the first secret of this test'));
const OTHER = secretOf(Buffer.from('another secret of this test'));

/** A delivery signed by the reference implementation of Standard Webhooks. */
function signed(body: string, secret = SECRET, id = 'wh_1', seconds = now()): Delivery {
	const signatures = new Webhook(secret).sign(id, new Date(seconds * 1000), body);
	return { id, timestamp: String(seconds), signatures, body: Buffer.from(body) };
}

/** Whether OpenAI's own SDK accepts a delivery. */
async function sdkAccepts({ id, timestamp, signatures, body }: Delivery, secret: string) {
	const headers = {
		'webhook-id': id,
		'webhook-timestamp': timestamp,
		'webhook-signature': signatures,
	};
	return await client.webhooks.verifySignature(body.toString('utf8'), headers, secret).then(
		() => true,
		() => false,
	);
}

const secrets = fc.uint8Array({ minLength: 1, maxLength: 64 }).map(secretOf);
const ids = fc.stringMatching(/^[\w-]{1,40}$/);

describe('the signature of a delivery', () => {
	it('is accepted as the reference implementation makes it, and as the SDK accepts it', async () => {
		await fc.assert(
			fc.asyncProperty(fc.json(), secrets, ids, async (body, secret, id) => {
				const delivery = signed(body, secret, id);
				expect(isSigned(delivery, [secret])).toBe(true);
				expect(await sdkAccepts(delivery, secret)).toBe(true);
			}),
		);
	});

	it('is judged as by the SDK, whatever is signed with whatever', async () => {
		const few = fc.constantFrom(SECRET, OTHER, 'plain text as a secret');
		const key = (secret: string) =>
			secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
		const sign = (secret: string, text: string) =>
			`v1,${createHmac('sha256', key(secret)).update(text).digest('base64')}`;
		await fc.assert(
			fc.asyncProperty(fc.array(few, { maxLength: 3 }), few, async (signers, secret) => {
				const [timestamp, body] = [String(now()), Buffer.from('{"ü":1}')];
				const text = `wh_1.${timestamp}.{"ü":1}`;
				const signatures = signers.map((signer) => sign(signer, text)).join(' ');
				const delivery: Delivery = { id: 'wh_1', timestamp, signatures, body };
				expect(isSigned(delivery, [secret])).toBe(await sdkAccepts(delivery, secret));
				expect(isSigned(delivery, [secret])).toBe(signers.includes(secret));
			}),
		);
	});

	it('is wrong once a single byte of id, time or body is changed', () => {
		const parts = fc.constantFrom<keyof Delivery>('id', 'timestamp', 'body');
		const flip = fc.integer({ min: 1, max: 255 });
		fc.assert(
			fc.property(fc.json(), parts, fc.nat(), flip, (body, part, place, bits) => {
				const delivery = signed(body);
				const bytes = Buffer.from(delivery[part]);
				bytes[place % bytes.length] ^= bits;
				const changed = part === 'body' ? bytes : bytes.toString('latin1');
				expect(isSigned({ ...delivery, [part]: changed }, [SECRET])).toBe(false);
			}),
		);
	});

	it('is wrong once a byte is added, removed, or moved between the parts', () => {
		const { id, timestamp, signatures, body } = signed('{"type":"x"}', SECRET, 'wh_1.2', now());
		const tries: Delivery[] = [
			{ id, timestamp, signatures, body: Buffer.concat([body, Buffer.from('\n')]) },
			{ id, timestamp, signatures, body: body.subarray(1) },
			{ id: 'wh_1', timestamp: `2.${timestamp}`, signatures, body: body.subarray(0, 0) },
			{ id: '', timestamp, signatures, body },
		];
		expect(tries.map((delivery) => isSigned(delivery, [SECRET]))).toEqual(tries.map(() => false));
	});

	it('is wrong once a byte of it is changed', () => {
		const delivery = signed('{}');
		const bytes = Buffer.from(delivery.signatures.slice(3), 'base64');
		for (let place = 0; place < bytes.length; place++) {
			const changed = Buffer.from(bytes);
			changed[place] ^= 1;
			const signatures = `v1,${changed.toString('base64')}`;
			expect(isSigned({ ...delivery, signatures }, [SECRET])).toBe(false);
		}
	});

	it('may be any one of several', () => {
		const delivery = signed('{}');
		const other = signed('{}', OTHER).signatures;
		const lists = [
			`${other} ${delivery.signatures}`,
			`${delivery.signatures} ${other}`,
			`v1a,AAAA v1,short  v2 ${delivery.signatures}`,
		];
		for (const signatures of lists) {
			expect(isSigned({ ...delivery, signatures }, [SECRET])).toBe(true);
		}
	});

	it('may be made with any of several secrets', () => {
		const delivery = signed('{}');
		expect(isSigned(delivery, [OTHER, SECRET])).toBe(true);
		expect(isSigned(delivery, [SECRET, OTHER])).toBe(true);
		expect(isSigned(delivery, [OTHER])).toBe(false);
		expect(isSigned(delivery, [])).toBe(false);
	});

	it.each(['', 'whsec_', 'whsec_!!!'])(
		'made with the secret "%s", which has no key, is wrong',
		(secret) => {
			const timestamp = String(now());
			const hmac = createHmac('sha256', '').update(`wh_1.${timestamp}.{}`).digest('base64');
			const forged = { id: 'wh_1', timestamp, signatures: `v1,${hmac}`, body: Buffer.from('{}') };
			expect(isSigned(forged, [secret])).toBe(false);
		},
	);

	it('is wrong without an id, by which replays are recognized', () => {
		expect(isSigned(signed('{}', SECRET, ''), [SECRET])).toBe(false);
	});
});

describe('the time of a delivery', () => {
	it.each([
		[0, true],
		[-300, true],
		[300, true],
		[-301, false],
		[301, false],
	])('%d seconds from now', async (seconds, isAccepted) => {
		jest.useFakeTimers({ now: 1_800_000_000_000 });
		const delivery = signed('{}', SECRET, 'wh_1', 1_800_000_000 + seconds);
		expect(isRecent(delivery, 1_800_000_000)).toBe(isAccepted);
		expect(await sdkAccepts(delivery, SECRET)).toBe(isAccepted);
		jest.useRealTimers();
	});

	it.each([
		'',
		' ',
		'now',
		'1e3',
		'0x10',
		'-5',
		'1800000000.5',
		'NaN',
		'Infinity',
		'9'.repeat(400),
	])('is not a time: "%s"', (timestamp) =>
		expect(isRecent({ timestamp }, 1_800_000_000)).toBe(false),
	);
});
