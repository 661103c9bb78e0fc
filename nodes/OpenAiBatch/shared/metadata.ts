export interface MetadataPair {
	key: string;
	value: string;
}

/**
 * The pairs of a metadata field: those entered in the panel, or the entries of an object that an
 * expression gave. The API takes text only, so numbers and booleans are written out; whether the
 * rest is text is checked later.
 */
export function metadataPairs(value: unknown): MetadataPair[] {
	if (typeof value !== 'object' || value === null) return [];
	const { pairs } = value as { pairs?: unknown };
	const entered = Array.isArray(pairs)
		? (pairs as MetadataPair[]).map(({ key, value: entry }) => [key, entry] as const)
		: Object.entries(value);
	return entered.map(([key, entry]) => ({ key: asText(key), value: asText(entry) }));
}

function asText(value: unknown): string {
	const isPlain = typeof value === 'number' || typeof value === 'boolean';
	return (isPlain ? String(value) : value) as string;
}
