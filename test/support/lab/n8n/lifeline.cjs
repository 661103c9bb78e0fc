const { isMainThread } = require('node:worker_threads');

/**
 * Loaded into n8n ahead of its own code. The standard input is a pipe from the process that
 * started it: when that process is gone without stopping n8n, the pipe ends, and n8n and its task
 * runner (one process group) end at once. SIGTERM would not do: with nobody left to read its
 * output, n8n 2.41 logs the failing write, whose write fails, for ever. n8n's worker threads
 * load this file too, and have no standard input.
 */
if (isMainThread) {
	process.stdin.on('error', () => {});
	process.stdin.once('close', () => process.kill(-process.pid, 'SIGKILL'));
	process.stdin.resume();
}
