const { spawn } = require('node:child_process');
const { createWriteStream, rmSync } = require('node:fs');

/**
 * Runs a service for as long as the process that started it lives: the standard input is a pipe
 * from there, which ends with it, however it ends. Then the service gets a signal to stop, and its
 * folder is removed. Started in a process group of its own, so that Ctrl-C does not reach it ahead of its turn.
 *
 * The argument is JSON: command, args, folder (removed at the end), log (a file in it), signal (that
 * stops the service at once), uid and gid.
 */
const { command, args, folder, log, signal, uid, gid } = JSON.parse(process.argv[2]);

const service = spawn(command, args, { uid, gid, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
const output = createWriteStream(log);
service.stdout.pipe(output, { end: false });
service.stderr.pipe(output, { end: false });

service.once('error', (error) => output.write(`${error.message}\n`));
service.once('close', () => {
	rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
	process.exit();
});
process.stdin.on('error', () => {});
process.stdin.once('close', () => service.kill(signal));
process.stdin.resume();
