import { createHmac, timingSafeEqual } from 'crypto';

/** A delivery as it came over the wire; the headers are those of Standard Webhooks. */
export interface Delivery {
	/** `webhook-id`: the same for every try to deliver an event. */
	id: string;
	/** `webhook-timestamp`, in unix seconds. */
	timestamp: string;
	/** `webhook-signature`: one or more of `v1,<base64>`, separated by spaces. */
	signatures: string;
	/** The body as it was sent; a single byte more would change the signature. */
	body: Buffer;
}

/** A delivery may be this many seconds old, or ahead of our clock. */
export const TOLERANCE_SECONDS = 300;

const VERSION = 'v1,';
const SECRET_PREFIX = 'whsec_';

/** The key of a secret: base64 behind `whsec_`, else the text itself. */
function keyOf(secret: string): Buffer {
	return secret.startsWith(SECRET_PREFIX)
		? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
		: Buffer.from(secret, 'utf8');
}

function isEqual(a: Buffer, b: Buffer): boolean {
	return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Whether a delivery was sent just now, so that nobody can play it back later.
 *
 * @param now unix seconds
 */
export function isRecent({ timestamp }: Pick<Delivery, 'timestamp'>, now: number): boolean {
	const sentAt = /^\d+$/.test(timestamp) ? Number(timestamp) : NaN;
	return Math.abs(now - sentAt) <= TOLERANCE_SECONDS;
}

/**
 * Whether a delivery is signed by one of the secrets (there are two while one is being rotated)
 * over its id, its time and its raw body. Compares in constant time. A secret without a key in it
 * signs nothing, since anybody could.
 */
export function isSigned(
	{ id, timestamp, signatures, body }: Delivery,
	secrets: readonly string[],
): boolean {
	const signed = signatures
		.split(' ')
		.filter((signature) => signature.startsWith(VERSION))
		.map((signature) => Buffer.from(signature.slice(VERSION.length), 'base64'));
	const head = Buffer.from(`${id}.${timestamp}.`, 'utf8');
	const matches = secrets
		.map(keyOf)
		.filter((key) => key.length > 0)
		.flatMap((key) => {
			const expected = createHmac('sha256', key).update(head).update(body).digest();
			return signed.map((signature) => isEqual(signature, expected));
		});
	return id !== '' && matches.includes(true);
}
