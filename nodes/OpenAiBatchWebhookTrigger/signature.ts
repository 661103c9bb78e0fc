import { createHmac, timingSafeEqual } from 'crypto';

/** A delivery as it was received; the headers are those of Standard Webhooks. */
export interface Delivery {
	/** `webhook-id`: the same for every attempt to deliver an event. */
	id: string;
	/** `webhook-timestamp`, in unix seconds. */
	timestamp: string;
	/** `webhook-signature`: one or more of `v1,<base64>`, separated by spaces. */
	signatures: string;
	/** The body exactly as it was sent, since the signature covers its bytes. */
	body: Buffer;
}

/** A delivery may be this many seconds old, or this far ahead of our clock. */
export const TOLERANCE_SECONDS = 300;

const VERSION = 'v1,';
const SECRET_PREFIX = 'whsec_';

/** The key in a secret: base64 after `whsec_`, otherwise the text itself. */
function keyOf(secret: string): Buffer {
	return secret.startsWith(SECRET_PREFIX)
		? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
		: Buffer.from(secret, 'utf8');
}

function isEqual(a: Buffer, b: Buffer): boolean {
	return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Whether a delivery was sent just now, so that nobody can replay it later.
 *
 * @param now unix seconds
 */
export function isRecent({ timestamp }: Pick<Delivery, 'timestamp'>, now: number): boolean {
	const sentAt = /^\d+$/.test(timestamp) ? Number(timestamp) : NaN;
	return Math.abs(now - sentAt) <= TOLERANCE_SECONDS;
}

/**
 * Whether one of the secrets (there are two while one is being rotated) signs the delivery's id,
 * time and raw body. Compares in constant time. A secret without a key signs nothing, since anybody
 * could make that signature.
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
