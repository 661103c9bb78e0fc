import { writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IRunExecutionData,
} from 'n8n-workflow';
import { csvChunks } from './csv';
import { fileChunks, imageChunks } from './fileChunks';
import { measure, type Measured } from './meter';
import { idOf, makeRow, type RowKind } from './rows';

/** The cost and the results of the nodes between the two Bench nodes. */
export interface NodeReport extends Measured {
	/** The time in the nodes alone, without n8n's own work between them. */
	nodeSeconds: number;
	/** n8n's process. */
	pid: number;
	items: number;
	/** The bytes of the last item's binary data, as n8n reports it. */
	binaryBytes: number;
	lastItem: unknown;
}

type Operation = (context: IExecuteFunctions) => Promise<INodeExecutionData[]>;

let end: (() => Promise<Measured>) | undefined;

const parameter = <T>(context: IExecuteFunctions, name: string) =>
	context.getNodeParameter(name, 0) as T;

/** How long the nodes with the given names have run; n8n shows it in the editor. */
function executionSeconds(context: IExecuteFunctions, names: string[]): number {
	// There is no function for this; the node's context holds it.
	const { runExecutionData } = context as unknown as { runExecutionData: IRunExecutionData };
	const { runData } = runExecutionData.resultData;
	const runs = names.flatMap((name) => runData[name] ?? []);
	return runs.reduce((sum, { executionTime }) => sum + executionTime / 1000, 0);
}

const OPERATIONS: Record<string, Operation> = {
	rows: async (context) => {
		const kind = parameter<RowKind>(context, 'kind');
		const bytes = parameter<number>(context, 'bytes');
		return Array.from({ length: parameter<number>(context, 'rows') }, (_, index) => ({
			json: makeRow(kind, index, bytes) as never,
		}));
	},
	file: async (context) => {
		const chunks = Readable.from(fileChunks(parameter<number>(context, 'bytes')));
		const data = await context.helpers.prepareBinaryData(chunks, 'bench.bin', 'text/plain');
		return [{ json: {}, binary: { data } }];
	},
	csv: async (context) => {
		const chunks = Readable.from(csvChunks(parameter<number>(context, 'rows')));
		const data = await context.helpers.prepareBinaryData(chunks, 'rows.csv', 'text/csv');
		return [{ json: {}, binary: { data } }];
	},
	images: async (context) => {
		const bytes = parameter<number>(context, 'bytes');
		const items: INodeExecutionData[] = [];
		for (let index = 0; index < parameter<number>(context, 'rows'); index++) {
			const chunks = Readable.from(imageChunks(bytes));
			const data = await context.helpers.prepareBinaryData(chunks, 'image.png', 'image/png');
			items.push({ json: { id: idOf(index) }, binary: { data } });
		}
		return items;
	},
	nothing: async (context) => context.getInputData(),
	begin: async (context) => {
		end = await measure();
		return context.getInputData();
	},
	end: async (context) => {
		const measured = await end!();
		const items = context.getInputData();
		const last = items.at(-1);
		const report: NodeReport = {
			...measured,
			nodeSeconds: executionSeconds(context, parameter<string[]>(context, 'measured')),
			pid: process.pid,
			items: items.length,
			binaryBytes: last?.binary?.data?.bytes ?? 0,
			lastItem: last?.json,
		};
		await writeFile(parameter<string>(context, 'report'), JSON.stringify(report));
		return items;
	},
};

/** A node for the benchmark only: makes rows and measures what runs between two of its kind. */
export class Bench implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Bench',
		name: 'bench',
		group: ['transform'],
		version: 1,
		description: 'Makes rows and measures what runs between two of these nodes',
		defaults: { name: 'Bench' },
		inputs: ['main'],
		outputs: ['main'],
		properties: [
			{ displayName: 'Operation', name: 'operation', type: 'string', default: 'begin' },
			{ displayName: 'Kind', name: 'kind', type: 'string', default: 'fields' },
			{ displayName: 'Rows', name: 'rows', type: 'number', default: 1 },
			{ displayName: 'Bytes', name: 'bytes', type: 'number', default: 600 },
			{ displayName: 'Report', name: 'report', type: 'string', default: '' },
			{ displayName: 'Measured', name: 'measured', type: 'json', default: [] },
		],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return [await OPERATIONS[parameter<string>(this, 'operation')](this)];
	}
}
