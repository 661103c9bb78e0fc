import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'crypto';

const CIPHER = 'aes-256-gcm';
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = SALT_BYTES + IV_BYTES + TAG_BYTES;

function keyFrom(apiKey: string, salt: Uint8Array): Uint8Array {
	return new Uint8Array(hkdfSync('sha256', apiKey, salt, 'webhook signing secret', 32));
}

/**
 * Encrypts a signing secret with the API key. The service tells the secret only when an endpoint
 * is registered, so it has to be kept, and n8n's static data is plain text in its database.
 *
 * @returns base64 of salt, initialization vector, tag and ciphertext
 */
export function seal(secret: string, apiKey: string): string {
	const salt = randomBytes(SALT_BYTES);
	const iv = randomBytes(IV_BYTES);
	const cipher = createCipheriv(CIPHER, keyFrom(apiKey, salt), iv);
	const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
	return Buffer.concat([salt, iv, cipher.getAuthTag(), sealed]).toString('base64');
}

/** The secret, or undefined when it was sealed with another key or is damaged. */
export function unseal(sealed: string, apiKey: string): string | undefined {
	const bytes = Buffer.from(sealed, 'base64');
	if (bytes.length < HEAD_BYTES) return undefined;
	const salt = bytes.subarray(0, SALT_BYTES);
	const iv = bytes.subarray(SALT_BYTES, SALT_BYTES + IV_BYTES);
	const tag = bytes.subarray(SALT_BYTES + IV_BYTES, HEAD_BYTES);
	try {
		const decipher = createDecipheriv(CIPHER, keyFrom(apiKey, salt), iv);
		decipher.setAuthTag(tag);
		const secret = [decipher.update(bytes.subarray(HEAD_BYTES)), decipher.final()];
		return Buffer.concat(secret).toString('utf8');
	} catch {
		return undefined;
	}
}
