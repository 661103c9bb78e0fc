export interface MetadataPair {
	key: string;
	value: string;
}

/**
 * The pairs of a metadata field: those entered in the panel, or the entries of an object that an
 * expression gave. Values stay as they are; whether they are text is checked later.
 */
export function metadataPairs(value: unknown): MetadataPair[] {
	if (typeof value !== 'object' || value === null) return [];
	const { pairs } = value as { pairs?: unknown };
	if (Array.isArray(pairs)) return pairs as MetadataPair[];
	return Object.entries(value).map(([key, entry]) => ({ key, value: entry as string }));
}
