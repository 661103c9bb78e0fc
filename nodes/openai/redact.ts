/** Secrets shorter than this are not looked for: they would garble ordinary words. */
const SHORTEST_SECRET = 4;

const KEY_PATTERN = /\bsk-[A-Za-z0-9_-]{6,}/g;

/** Replaces the given secrets, and everything that looks like an OpenAI key, in a text. */
export function redact(text: string, secrets: readonly string[]): string {
	return secrets
		.filter((secret) => secret.length >= SHORTEST_SECRET)
		.reduce((clean, secret) => clean.split(secret).join('***'), text)
		.replace(KEY_PATTERN, 'sk-***');
}
