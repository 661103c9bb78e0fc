/** Where a program reports what it does. */
export interface Show {
	/** Begins a step, with its name. */
	step: (text: string) => void;
	/** Says something about the running step. */
	note: (text: string) => void;
}

/** For programs that a person watches. */
export const showOnConsole: Show = {
	step: (text) => console.log(`\n${text}`),
	note: (text) => console.log(`  ${text}`),
};

/** For tests: only what takes long, such as the progress of an install. */
export const showProgressOnly: Show = {
	step: () => {},
	note: (text) => void process.stderr.write(`${text}\n`),
};
