import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '../support/processes/run';
import { RESULTS_FILE, SUBMIT_FILE } from './million';
import type { Contestant, JobSamples } from './samples';
import { medianOf } from './samples';

const NAMES: Partial<Record<Contestant, string>> = {
	undici: 'undici alone',
	package: 'this package',
	nodes: "n8n's own nodes",
};

const COLORS = ['#9aa0a6', '#0f7b6c', '#ea4b71'];

/** Where the bars begin: a logarithm has no zero. */
const LEAST_SECONDS = 0.005;

/** The groups that are drawn. */
const GROUPS = ['submit fields', 'results', 'results with requests', SUBMIT_FILE, RESULTS_FILE];

function points(all: JobSamples[]) {
	return all
		.filter(({ group }) => GROUPS.includes(group))
		.flatMap((job) =>
			(Object.keys(NAMES) as Contestant[]).map((contestant) => ({
				job: job.group,
				size: `${job.size.rows.toLocaleString('en-US')} × ${job.size.bytes} B`,
				by: NAMES[contestant],
				seconds: medianOf(job, contestant, 'seconds'),
			})),
		)
		.filter(({ seconds }) => seconds !== undefined);
}

/** The times as a Vega-Lite chart: a panel for each job, a group of bars for each size. */
export function chart(all: JobSamples[]): object {
	const values = points(all);
	const sizes = [...new Set(values.map(({ size }) => size))];
	const groups = GROUPS.filter((group) => values.some(({ job }) => job === group));
	const by = Object.values(NAMES);
	return {
		$schema: 'https://vega.github.io/schema/vega-lite/v6.json',
		background: 'white',
		data: { values },
		facet: { column: { field: 'job', sort: groups, title: null, header: { labelFontSize: 13 } } },
		spec: {
			width: 250,
			height: 220,
			encoding: {
				x: { field: 'size', sort: sizes, title: null, axis: { labelAngle: -25 } },
				xOffset: { field: 'by', sort: by },
				y: {
					field: 'seconds',
					type: 'quantitative',
					scale: { type: 'log', domainMin: LEAST_SECONDS },
					stack: null,
					title: 'seconds (logarithmic)',
				},
				color: {
					field: 'by',
					sort: by,
					scale: { domain: by, range: COLORS },
					legend: { title: null, orient: 'bottom' },
				},
			},
			layer: [
				{ mark: { type: 'bar' }, encoding: { y2: { datum: LEAST_SECONDS } } },
				{
					mark: { type: 'text', dy: -5, fontSize: 8 },
					encoding: { text: { field: 'seconds', format: '.2~f' }, color: { value: '#333' } },
				},
			],
		},
	};
}

/** Draws the chart as SVG, with the command that comes with Vega-Lite. */
export async function drawPlot(all: JobSamples[], file: string): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'n8n-openai-batch-plot-'));
	try {
		await writeFile(join(folder, 'chart.json'), JSON.stringify(chart(all)));
		await run('vl2svg', ['chart.json', resolve(file)], { cwd: folder });
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
