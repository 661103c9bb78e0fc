import { isDeepStrictEqual } from 'node:util';
import type { IDataObject, Workflow } from 'n8n-workflow';

/** Where n8n keeps a polling node's state, and when it writes it. */
export interface PollStore {
	/** For the workflow that n8n loads from its database. */
	workflowStaticData: () => IDataObject;
	/** What `getWorkflowStaticData('node')` returns during a poll. */
	nodeStaticData: (workflow: Workflow) => IDataObject;
	runPoll: <T>(workflow: Workflow, run: () => Promise<T>) => Promise<T>;
	/** A poll returned items. */
	emitted: (workflow: Workflow) => void;
	/** A scheduled poll returned null. */
	commit: () => void;
	/** The workflow was switched on. */
	activated: (workflow: Workflow) => void;
	inMemory: (workflow: Workflow) => IDataObject;
	stored: () => IDataObject;
}

const copy = (data: IDataObject) => JSON.parse(JSON.stringify(data)) as IDataObject;

/**
 * The default: static data lives in memory with the active workflow and is stored on activation
 * and when a poll emits, if a change was noticed. A poll without items stores nothing.
 */
export class StaticDataStore implements PollStore {
	private saved: IDataObject;

	constructor(
		private readonly nodeName: string,
		state?: IDataObject,
	) {
		this.saved = state ? { [`node:${nodeName}`]: copy(state) } : {};
	}

	workflowStaticData() {
		return copy(this.saved);
	}

	nodeStaticData(workflow: Workflow) {
		return workflow.getStaticData('node', workflow.getNode(this.nodeName)!);
	}

	async runPoll<T>(_workflow: Workflow, run: () => Promise<T>) {
		return await run();
	}

	emitted(workflow: Workflow) {
		if (workflow.staticData.__dataChanged !== true) return;
		this.saved = copy(workflow.staticData);
		workflow.staticData.__dataChanged = false;
	}

	commit() {}

	activated(workflow: Workflow) {
		this.emitted(workflow);
	}

	inMemory(workflow: Workflow) {
		return copy(this.nodeStaticData(workflow));
	}

	stored() {
		return copy((this.saved[`node:${this.nodeName}`] as IDataObject) ?? {});
	}
}

/**
 * Durable cursors: each poll gets a copy of the stored cursor, which is stored again, if it
 * changed, when the poll emits and when a scheduled poll returns null. What an activation poll
 * wrote before it returned null, or a poll before it threw, is dropped.
 */
export class DurableCursor implements PollStore {
	private cursor?: IDataObject;
	private staged: IDataObject = {};

	constructor(
		private readonly nodeName: string,
		private readonly state: IDataObject = {},
	) {}

	workflowStaticData() {
		return { [`node:${this.nodeName}`]: copy(this.state) };
	}

	nodeStaticData() {
		return this.staged;
	}

	async runPoll<T>(_workflow: Workflow, run: () => Promise<T>) {
		this.cursor ??= copy(this.state);
		this.staged = structuredClone(this.cursor);
		return await run();
	}

	emitted() {
		this.commit();
	}

	commit() {
		if (!isDeepStrictEqual(this.staged, this.cursor)) this.cursor = copy(this.staged);
	}

	activated() {}

	inMemory() {
		return copy(this.staged);
	}

	stored() {
		return copy(this.cursor ?? this.state);
	}
}
