import fs from 'node:fs/promises';
import { join } from 'node:path';
import { installFolder } from '../../support/lab/install/cache';
import { ensureN8n, explain } from '../../support/lab/install/install';
import { CommandError } from '../../support/processes/run';
import { N8N_VERSION } from '../../support/lab/install/version';
import { fakeNpm } from './fakeNpm';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();
const GOOD_NPM = `
	fs.appendFileSync(path.join(__dirname, 'calls'), args.join(' ') + '\\n');
	fs.mkdirSync('node_modules/n8n', { recursive: true });
`;
const DYING_NPM = `${GOOD_NPM}
	if (args[0] === 'rebuild') { console.error('gyp ERR! not ok'); process.exit(1); }
`;
let restore = () => {};

async function useNpm(code: string): Promise<void> {
	restore();
	restore = await fakeNpm(join(folder(), 'npm'), code);
}

const calls = async () =>
	(await fs.readFile(join(folder(), 'npm', 'calls'), 'utf8')).trim().split('\n');

beforeEach(() => {
	jest.spyOn(fs, 'statfs').mockResolvedValue({ bavail: 10, bsize: 1024 ** 3 } as never);
});
afterEach(() => {
	restore();
	restore = () => {};
	jest.restoreAllMocks();
});

describe('ensureN8n', () => {
	const cache = () => join(folder(), 'cache');

	it('installs the pinned version without scripts, then builds sqlite3 against its headers', async () => {
		await useNpm(`${GOOD_NPM}
			if (args[0] === 'rebuild') fs.writeFileSync('nodedir', process.env.npm_config_nodedir);`);
		const { folder: installed, version } = await ensureN8n({ cache: cache() });

		expect(version).toBe(N8N_VERSION);
		expect(installed).toBe(installFolder(cache()));
		const [install, rebuild] = await calls();
		expect(install).toMatch(
			new RegExp(`^install n8n@${N8N_VERSION} node\\S*@\\S+ --ignore-scripts`),
		);
		expect(rebuild).toMatch(/^rebuild sqlite3/);
		expect(await fs.readFile(join(installed, 'nodedir'), 'utf8')).toContain('node_modules/node');
	});

	it('uses a finished install again without calling npm', async () => {
		await useNpm(GOOD_NPM);
		await ensureN8n({ cache: cache() });
		await ensureN8n({ cache: cache() });
		expect(await calls()).toHaveLength(2);
	});

	it('leaves nothing of an install that fails half-way, and the next run succeeds', async () => {
		await useNpm(DYING_NPM);
		await expect(ensureN8n({ cache: cache() })).rejects.toThrow(
			/did not succeed.*gyp ERR! not ok/s,
		);
		expect(await fs.readdir(cache())).toEqual([]);

		await useNpm(GOOD_NPM);
		const { folder: installed } = await ensureN8n({ cache: cache() });
		expect(await fs.readdir(cache())).toEqual([installed.split('/').at(-1)]);
	});

	it('replaces what a killed run left: its folder and its lock', async () => {
		await useNpm(GOOD_NPM);
		const target = installFolder(cache());
		await fs.mkdir(join(`${target}.partial-1234567`, 'node_modules'), { recursive: true });
		await fs.mkdir(join(target, 'node_modules'), { recursive: true });
		await fs.writeFile(`${target}.lock`, '1234567890');
		await ensureN8n({ cache: cache() });
		expect(await fs.readdir(cache())).toEqual([target.split('/').at(-1)]);
		expect(await calls()).toHaveLength(2);
	});

	it('lets two runs at once install only once', async () => {
		await useNpm(GOOD_NPM);
		await Promise.all([ensureN8n({ cache: cache() }), ensureN8n({ cache: cache() })]);
		expect(await calls()).toHaveLength(2);
	});

	it('removes everything when it is stopped', async () => {
		await useNpm(`${GOOD_NPM} console.log('npm http fetch'); setInterval(() => {}, 1000);`);
		const controller = new AbortController();
		const stopped = new Error('Stopped.');
		// The partial folder exists from before npm starts.
		const onProgress = () => controller.abort(stopped);
		await expect(ensureN8n({ cache: cache(), signal: controller.signal, onProgress })).rejects.toBe(
			stopped,
		);
		expect(await fs.readdir(cache())).toEqual([]);
	});

	it('says how much room it needs before it starts', async () => {
		await useNpm(GOOD_NPM);
		jest.mocked(fs.statfs).mockResolvedValue({ bavail: 3, bsize: 1024 ** 3 } as never);
		await expect(ensureN8n({ cache: cache() })).rejects.toThrow(
			/Not enough disk space in .*needs about 4 GB, 3\.0 GB are free.*N8N_OPENAI_BATCH_CACHE/,
		);
	});
});

describe('explain', () => {
	const failed = (output: string) => explain(new CommandError('npm install', 1, output), '/cache');

	it.each(['npm error code ENOSPC', 'tar: No space left on device'])(
		'knows a full disk: %s',
		(line) => {
			expect(String(failed(line))).toContain('Not enough disk space in /cache');
		},
	);

	it.each(['ENOTFOUND registry', 'connect ECONNREFUSED', 'EAI_AGAIN'])(
		'knows no network: %s',
		(line) => {
			expect(String(failed(line))).toContain('could not reach its registry');
			expect(String(failed(line))).toContain(line);
		},
	);

	it('knows a full disk outside of npm', () => {
		const error = Object.assign(new Error('write'), { code: 'ENOSPC' });
		expect(String(explain(error, '/cache'))).toContain('the disk is full');
	});

	it('passes on what it does not know', () => {
		const error = new Error('Stopped.');
		expect(explain(error, '/cache')).toBe(error);
	});
});
