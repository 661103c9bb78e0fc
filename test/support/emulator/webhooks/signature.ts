import { createHmac, randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';

/** A fresh signing secret as the service gives it: `whsec_` and 32 bytes in base64. */
export function newSecret(): string {
	return PREFIX + randomBytes(32).toString('base64');
}

/** What may be shown of a secret. How the service masks it has not been seen. */
export function hintOf(secret: string): string {
	return `${PREFIX}...${secret.slice(-4)}`;
}

/**
 * The headers of a delivery after Standard Webhooks: one `v1` signature for each secret that is
 * valid, over the id, the time and the body.
 *
 * @param timestamp unix seconds
 */
export function signedHeaders(
	id: string,
	timestamp: number,
	body: string,
	secrets: readonly string[],
): Record<string, string> {
	const sign = (secret: string) =>
		createHmac('sha256', Buffer.from(secret.slice(PREFIX.length), 'base64'))
			.update(`${id}.${timestamp}.${body}`)
			.digest('base64');
	return {
		'webhook-id': id,
		'webhook-timestamp': String(timestamp),
		'webhook-signature': secrets.map((secret) => `v1,${sign(secret)}`).join(' '),
	};
}
