/** Deeper values are left to n8n; this also ends the search in values that contain themselves. */
const MAX_DEPTH = 50;

/**
 * Whether a value is an array or an object as JSON.parse makes them, of any realm: n8n's sandbox
 * and its JavaScript have different `Object.prototype`s.
 */
export function isPlainContainer(value: object): boolean {
	if (Array.isArray(value)) return true;
	const prototype = Object.getPrototypeOf(value) as object | null;
	return prototype !== null && Object.getPrototypeOf(prototype) === null;
}

/**
 * Whether n8n's evaluation gives back an equal value for this one. It copies what an expression
 * returns, and changes what JSON does not have: dates, instances of classes, holes in arrays,
 * `undefined`. Keys that start with `__` mark such things in the copy.
 */
export function isPlainJson(value: unknown, depth = 0): boolean {
	if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
	if (typeof value === 'number') return Number.isFinite(value);
	if (typeof value !== 'object' || depth > MAX_DEPTH || !isPlainContainer(value)) return false;
	if (Array.isArray(value)) {
		for (let index = 0; index < value.length; index++) {
			if (!isPlainJson(value[index], depth + 1)) return false;
		}
		return true;
	}
	for (const [key, entry] of Object.entries(value)) {
		if (key in Object.prototype || key.startsWith('__')) return false;
		if (!isPlainJson(entry, depth + 1)) return false;
	}
	return true;
}
