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
 * Whether a delivery is from the service: signed by one of the secrets (there are two while one is
 * being rotated) over its id, its time and its raw body, and recent, so that it cannot be played
 * back later. Compares in constant time.
 *
 * @param now unix seconds
 */
export function isGenuine(
	{ id, timestamp, signatures, body }: Delivery,
	secrets: readonly string[],
	now: number,
): boolean {
	const sentAt = /^\d+$/.test(timestamp) ? Number(timestamp) : NaN;
	if (id === '' || !(Math.abs(now - sentAt) <= TOLERANCE_SECONDS)) return false;
	const signed = signatures
		.split(' ')
		.filter((signature) => signature.startsWith(VERSION))
		.map((signature) => Buffer.from(signature.slice(VERSION.length), 'base64'));
	const head = Buffer.from(`${id}.${timestamp}.`, 'utf8');
	const isSignedBy = (secret: string) => {
		const expected = createHmac('sha256', keyOf(secret)).update(head).update(body).digest();
		return signed.filter((signature) => isEqual(signature, expected)).length > 0;
	};
	return secrets.filter((secret) => secret !== '' && isSignedBy(secret)).length > 0;
}
