/** A plausible number of tokens of a text: four characters each, as in English prose. */
export function tokensOf(text: string): number {
	return Math.ceil(text.length / 4);
}
