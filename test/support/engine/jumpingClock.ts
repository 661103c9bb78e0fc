const workflow = jest.requireActual<typeof import('n8n-workflow')>('n8n-workflow');

/** Pauses come in slices up to this long. Longer sleeps only watch over what takes real time. */
const LONGEST_SLICE_MS = 250;

const realNow = Date.now.bind(Date);
let ahead = 0;
Date.now = () => realNow() + ahead;

/**
 * In place of n8n-workflow: the same with pauses that take no time, after which the clock shows that
 * they have taken it.
 */
module.exports = {
	...workflow,
	sleep: async (ms: number) => {
		if (ms > LONGEST_SLICE_MS) return await workflow.sleep(ms);
		ahead += ms;
		await new Promise((resolve) => setImmediate(resolve));
	},
	/** Moves the clock to a time, unless it is later already. */
	goTo: (time: Date) => {
		ahead += Math.max(0, time.getTime() - Date.now());
	},
};
