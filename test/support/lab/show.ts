/** How the demo tells what it does. */
export interface Show {
	/** Begins a step, with its name. */
	step: (text: string) => void;
	/** Says something about the running step. */
	note: (text: string) => void;
}

export const showOnConsole: Show = {
	step: (text) => console.log(`\n${text}`),
	note: (text) => console.log(`  ${text}`),
};
