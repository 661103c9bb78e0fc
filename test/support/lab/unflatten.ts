/**
 * Reads the format of the npm package `flatted`, in which n8n sends the data of an execution: an
 * array of all values, where every string that stands inside an object or array is the index of
 * its value. Values that occur twice, and cycles, come back as the same object.
 */
export function unflatten(text: string): unknown {
	const values = JSON.parse(text) as unknown[];
	const made = new Map<number, unknown>();

	const read = (index: number): unknown => {
		if (made.has(index)) return made.get(index);
		const value = values[index];
		if (typeof value !== 'object' || value === null) return value;
		made.set(index, value);
		const parts = value as Record<string, unknown>;
		for (const key of Object.keys(parts)) {
			const part = parts[key];
			if (typeof part === 'string') parts[key] = read(Number(part));
		}
		return value;
	};

	return read(0);
}
