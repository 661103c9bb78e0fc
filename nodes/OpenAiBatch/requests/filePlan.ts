import type { IExecuteFunctions } from 'n8n-workflow';
import type { OpenFile, OpenOptions, RequestFile } from './inputFile';
import { RecordProblem } from './inputFile';
import type { BadItem, MeasuredPart, Plan, PlannedPart, PlanOptions } from './plan';
import { columnsLine, InsertionNotes, issueOf, keptLine, MeasuredParts } from './plan';
import type { Position } from './requestChecker';
import { repeatedId, RequestChecker } from './requestChecker';
import type { PartStart } from './secondPass';
import { requestLine, rowLine, SecondPass } from './secondPass';
import { IdTable } from '../../jsonl/idTable';
import type { Issue } from '../../jsonl/json';
import type { Checkpoint, TextRecord } from '../../jsonl/lines';
import type { RequestLine } from '../../jsonl/split';
import { Breather } from '../shared/operation';

/** How many bad lines are listed, and become items with On Error: Continue. */
const LISTED_LINES = 1_000;

/** A record of the files, and where it is. */
interface PlacedRecord {
	file: RequestFile;
	record: TextRecord;
	position: number;
	fileIndex: number;
	start: { from: Checkpoint; position: number };
}

/**
 * Plans the requests of files in the first of two passes over them, and keeps nothing of a record
 * but some bytes of its id. The second pass, `open` of the parts, reads the files again. Ids that
 * may have been used before are looked up by reading the files once more.
 */
export class FilePlanner {
	/** @param tableFor another seed for each attempt, see `IdTable` */
	constructor(
		private readonly files: readonly RequestFile[],
		private readonly options: PlanOptions,
		private readonly tableFor = (attempt: number) => new IdTable(attempt),
	) {}

	/** Plans all records. A cancelled execution ends it early; the caller notices that itself. */
	async plan(signal: AbortSignal | undefined): Promise<Plan> {
		for (let attempt = 0; ; attempt++) {
			const pass = new FirstPass(this.files, this.options, this.tableFor(attempt));
			const plan = await pass.plan(signal);
			if (plan) return plan;
		}
	}
}

class FirstPass {
	private readonly checker: RequestChecker;
	private readonly measured: MeasuredParts;
	/** The first line of each file of kept rows. */
	private readonly rowHead: string | undefined;
	private readonly starts: PartStart[] = [];
	private readonly badItems: BadItem[] = [];
	private unlisted = 0;
	private total = 0;
	/** The items whose files have records. */
	private readonly filled = new Set<number>();
	private isBroken = false;
	/** The id of the record that is checked, when it may have been used before. */
	private repeated: string | undefined;
	/** The listed records of such ids. */
	private readonly suspects = new Map<string, BadItem[]>();
	private readonly emptyInsertions = new InsertionNotes('prompts', 'an empty field');
	private readonly missingAttachments = new InsertionNotes('rows', 'sent without an attachment', [
		'is',
		'are',
	]);

	constructor(
		private readonly files: readonly RequestFile[],
		options: PlanOptions,
		ids: IdTable,
	) {
		const { endpoint, server } = options;
		this.checker = new RequestChecker({
			endpoint,
			server,
			firstUse: (id) => {
				if (!ids.add(id)) this.repeated = id;
				return undefined;
			},
		});
		this.rowHead = rowHeadOf(files);
		const headBytes = this.rowHead === undefined ? 0 : Buffer.byteLength(this.rowHead) + 1;
		this.measured = new MeasuredParts(options, headBytes);
	}

	/** @returns undefined when an id was taken for another one, so that it has to be done again */
	async plan(signal: AbortSignal | undefined): Promise<Plan | undefined> {
		await this.readAll(signal, (placed) => this.add(placed));
		if (!signal?.aborted) this.refuseEmptyFiles();
		if (!(await this.findFirstUses(signal))) return undefined;
		const requests = new SecondPass(this.files, requestLine);
		const rows = new SecondPass(this.files, rowLine, this.rowHead);
		return {
			parts: plannedParts(this.measured.parts(), this.starts, requests, rows),
			close: closing(requests, rows),
			badItems: this.badItems,
			unlisted: this.unlisted,
			total: this.total,
			isBroken: this.isBroken,
			hints: [
				...new Set(this.files.flatMap(({ hints = [] }) => hints)),
				...[this.emptyInsertions, this.missingAttachments, this.checker].flatMap((one) =>
					one.hints(this.total),
				),
			],
		};
	}

	/** @param take returns false to end the reading */
	private async readAll(
		signal: AbortSignal | undefined,
		take: (placed: PlacedRecord) => boolean,
	): Promise<void> {
		const breather = new Breather();
		let position = 0;
		for (const [fileIndex, file] of this.files.entries()) {
			for await (const { start: from, records } of file.read(signal)) {
				const start = { from, position };
				for (const record of records) {
					if (signal?.aborted) return;
					if (!take({ file, record, position, fileIndex, start })) return;
					position++;
					if (breather.isDue) await breather.breathe();
				}
			}
		}
	}

	private refuseEmptyFiles(): void {
		for (const { itemIndex, unit } of this.files) {
			if (this.filled.has(itemIndex)) continue;
			const message =
				unit === 'row' ? 'The file has a header, but no rows.' : 'The file has no requests.';
			this.badItems.unshift({ itemIndex, issues: [{ code: 'invalid_file_format', message }] });
		}
	}

	private add(placed: PlacedRecord): boolean {
		const { file, record } = placed;
		this.total++;
		this.filled.add(file.itemIndex);
		this.repeated = undefined;
		const issues = this.place(placed);
		if (issues.length > 0) this.addBad(file, record, issues);
		this.isBroken ||= record.broken !== undefined;
		return true;
	}

	/** Checks a record, and places its request in a part. */
	private place(placed: PlacedRecord): Issue[] {
		const { file, record, position } = placed;
		let customId: string | undefined;
		let isPlaced = false;
		try {
			customId = file.customId(record);
			const request = file.request(record, position, customId);
			const issues = this.checker.check(request, this.placeOf(file, record));
			if (issues.length > 0) return issues.map((issue) => withColumn(issue, file));
			if (this.repeated !== undefined) return [repeatedId(this.repeated, 'another line')];
			const text = file.line(record, position, request);
			const row = file.kept && keptLine(customId, file.kept.row());
			isPlaced = true;
			const bytes = Buffer.byteLength(text) + 1;
			const { body } = request as RequestLine;
			this.note(this.measured.add(body, { bytes, identity: text, row }), placed);
			return [];
		} catch (error) {
			if (error instanceof RecordProblem) return [{ code: error.code, message: error.message }];
			return [withColumn(issueOf(error, customId), file)];
		} finally {
			if (!isPlaced) this.measured.skip();
		}
	}

	private note(index: number, { file, record, fileIndex, start }: PlacedRecord): void {
		this.starts[index] ??= { file: fileIndex, ...start, items: new Set() };
		this.starts[index].items.add(file.itemIndex);
		const column = file.emptyColumn('prompt') ?? file.emptyColumn('messages');
		const missing = file.missingAttachment?.();
		if (column === undefined && missing === undefined) return;
		const where = `line ${this.placeOf(file, record)}`;
		if (column !== undefined) this.emptyInsertions.note(where, `{${column}}`);
		if (missing !== undefined) this.missingAttachments.note(where, `{${missing}}`);
	}

	private addBad({ itemIndex }: RequestFile, { line }: TextRecord, issues: Issue[]): void {
		if (this.badItems.length >= LISTED_LINES) {
			this.unlisted++;
			return;
		}
		const bad = { itemIndex, line, issues };
		this.badItems.push(bad);
		if (this.repeated === undefined || issues[0].code !== 'duplicate_custom_id') return;
		const known = this.suspects.get(this.repeated);
		if (known) known.push(bad);
		else this.suspects.set(this.repeated, [bad]);
	}

	private placeOf({ itemIndex }: RequestFile, { line }: TextRecord): Position {
		return this.files.length === 1 ? line : `${line} of item ${itemIndex}`;
	}

	/**
	 * Names the line that uses each repeated id first. The ids of lines that are not listed are not
	 * looked up: among more than a thousand there are some that are repeated.
	 *
	 * @returns false when an id was not used before
	 */
	private async findFirstUses(signal: AbortSignal | undefined): Promise<boolean> {
		const { suspects } = this;
		if (suspects.size === 0) return true;
		let isTrue = true;
		await this.readAll(signal, ({ file, record }) => {
			const id = idOf(file, record);
			const repetitions = id === undefined ? undefined : suspects.get(id);
			if (id === undefined || !repetitions) return true;
			const [first] = repetitions;
			isTrue &&= first.itemIndex !== file.itemIndex || first.line !== record.line;
			const issue = repeatedId(id, `line ${this.placeOf(file, record)}`);
			for (const bad of repetitions) bad.issues = [{ ...issue, custom_id: id }];
			suspects.delete(id);
			return isTrue && suspects.size > 0;
		});
		return isTrue;
	}
}

/** A part may have rows of several files, which then need to have the same columns. */
function rowHeadOf(files: readonly RequestFile[]): string | undefined {
	const heads = new Set(files.map(({ kept }) => kept?.columns && columnsLine(kept.columns)));
	return heads.size === 1 ? [...heads][0] : undefined;
}

/** Apart from the first pass, of which nothing has to stay in memory. */
function plannedParts(
	parts: readonly MeasuredPart[],
	starts: readonly PartStart[],
	requests: SecondPass,
	rows: SecondPass,
): PlannedPart[] {
	return parts.map(({ rowsHash: contentHash, ...measured }, index) => {
		const { ranges, rowBytes: bytes } = measured.part;
		const openIn = (pass: SecondPass) => (signal?: AbortSignal) =>
			pass.content(ranges, starts[index], signal);
		return {
			...measured,
			itemIndexes: () => starts[index].items.values(),
			open: openIn(requests),
			rows: contentHash === undefined ? undefined : { contentHash, bytes, open: openIn(rows) },
		};
	});
}

/** Apart from the first pass, for the same reason. */
const closing =
	(...passes: readonly SecondPass[]) =>
	() =>
		passes.forEach((pass) => pass.close());

function idOf(file: RequestFile, record: TextRecord): string | undefined {
	try {
		return file.customId(record);
	} catch {
		return undefined;
	}
}

/** The field of the panel that makes a parameter of the request. */
const FIELD_OF: Record<string, string> = { custom_id: 'customId' };

/** An issue that names the empty column it comes from, where there is one. */
function withColumn(issue: Issue, file: RequestFile): Issue {
	const column = issue.param && file.emptyColumn(FIELD_OF[issue.param] ?? issue.param);
	if (!column) return issue;
	return { ...issue, message: `${issue.message} The column '${column}' is empty in this row.` };
}

/** Plans the requests of files, one after the other. A cancelled execution ends it early. */
export async function planFiles(
	context: IExecuteFunctions,
	openFile: OpenFile,
	options: PlanOptions & OpenOptions,
): Promise<Plan> {
	const files: RequestFile[] = [];
	for (const itemIndex of context.getInputData().keys()) {
		files.push(await openFile(context, itemIndex, options));
	}
	if (!options.keep?.hasMoreNames) options.keep?.check(context);
	const signal = context.getExecutionCancelSignal();
	const plan = await new FilePlanner(files, options).plan(signal);
	for (const message of plan.hints) context.addExecutionHints({ message, location: 'outputPane' });
	return plan;
}
