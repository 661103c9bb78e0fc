const actual = jest.requireActual<typeof import('n8n-workflow')>('n8n-workflow');

/**
 * In place of n8n-workflow: the same with a `sleep` that takes a hundredth of the time. All waits
 * of the nodes go through it.
 */
module.exports = { ...actual, sleep: async (ms: number) => await actual.sleep(ms / 100) };
