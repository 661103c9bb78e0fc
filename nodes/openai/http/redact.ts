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

/** Data are searched only for secrets so long that they are nothing else by chance. */
const SHORTEST_IN_DATA = 12;

/**
 * The text of a JSON answer without the given secrets, for servers that echo them. Only here: a
 * key such as `batch`, which servers without keys are given, must not garble ids.
 */
export function redactJson(text: string, secrets: readonly string[]): string {
	return secrets
		.filter((secret) => secret.length >= SHORTEST_IN_DATA)
		.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
		.reduce(
			(clean, secret) => (clean.includes(secret) ? clean.split(secret).join('***') : clean),
			text,
		);
}
