import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isStale, withLock } from '../../support/lab/install/lock';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();
const DEAD_PID = 2 ** 30;

describe('withLock', () => {
	const file = () => join(folder(), 'lock');

	it('holds the lock while it works, and releases it', async () => {
		const held = await withLock(file(), async () => existsSync(file()));
		expect(held).toBe(true);
		expect(existsSync(file())).toBe(false);
	});

	it('releases the lock when the work fails', async () => {
		const work = async () => {
			throw new Error('no');
		};
		await expect(withLock(file(), work)).rejects.toThrow('no');
		expect(existsSync(file())).toBe(false);
	});

	it('waits for a live holder, and reports that once', async () => {
		await writeFile(file(), String(process.pid));
		let waits = 0;
		const onWait = () => {
			waits += 1;
			void rm(file());
		};
		expect(await withLock(file(), async () => 'done', { onWait })).toBe('done');
		expect(waits).toBe(1);
	});

	it('takes the lock of a dead process at once', async () => {
		await writeFile(file(), String(DEAD_PID));
		const onWait = jest.fn();
		expect(await withLock(file(), async () => 'done', { onWait })).toBe('done');
		expect(onWait).not.toHaveBeenCalled();
	});

	it('stops waiting when its signal aborts', async () => {
		await writeFile(file(), String(process.pid));
		const controller = new AbortController();
		const options = { signal: controller.signal, onWait: () => controller.abort() };
		await expect(withLock(file(), async () => 'done', options)).rejects.toThrow(/abort/i);
		expect(existsSync(file())).toBe(true);
	});
});

describe('isStale', () => {
	it.each([
		['a live process that touched it lately', String(process.pid), 0, false],
		['a live process that has not for over a minute', String(process.pid), 61_000, true],
		['a dead process', String(DEAD_PID), 0, true],
		['nothing readable', 'what?', 0, true],
	])('of %s', (_name, content, age, expected) => {
		expect(isStale(content, 1_000_000 - age, 1_000_000)).toBe(expected);
	});
});
