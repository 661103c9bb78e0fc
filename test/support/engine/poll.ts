import './environment';
import { Container } from './container';
import { PollContext, PollTriggerExecutor } from 'n8n-core';
import type {
	IDataObject,
	INode,
	INodeExecutionData,
	NodeParameterValueType,
	Workflow,
	WorkflowActivateMode,
} from 'n8n-workflow';
import { additionalData } from './additionalData';
import { HarnessCredentialsHelper, type CredentialData } from './credentialsHelper';
import type { EngineParts } from './engine';
import { DurableCursor, StaticDataStore, type PollStore } from './pollStores';
import { completeNode, makeWorkflow } from './workflow';

export interface PollerOptions {
	/** What n8n has stored for the node before the first poll. */
	staticData?: IDataObject;
	/** n8n's opt-in durable cursors in place of static data. */
	durable?: boolean;
	credentialData?: CredentialData;
}

export interface PollOptions extends PollerOptions {
	/** `manual` is the editor's "Fetch Test Event". */
	mode?: 'trigger' | 'manual';
	/** Given: this poll is the one of an activation. */
	activation?: WorkflowActivateMode;
}

export interface PollOutcome {
	/** What was emitted; `null`: nothing, no execution. */
	items: INodeExecutionData[] | null;
	/** On activation it fails the activation; later it makes a failed execution. */
	error?: Error;
	/** The node's static data in memory after the poll. */
	staticData: IDataObject;
	/** The node's static data as n8n has stored it: all that a restart leaves. */
	stored: IDataObject;
}

/** A polling trigger node over its life in n8n, with n8n's rules of what is stored when. */
export class Poller {
	private readonly node: INode;
	private readonly store: PollStore;
	private workflow: Workflow;
	private context?: PollContext;
	private emitted: INodeExecutionData[] | null = null;
	private failure?: Error;

	constructor(
		private readonly parts: EngineParts,
		type: string,
		parameters: Record<string, NodeParameterValueType> = {},
		private readonly options: PollerOptions = {},
	) {
		this.node = completeNode(
			{ name: 'Trigger', type, parameters },
			0,
			parts.nodeTypes,
			this.credentialData,
		);
		this.store = new (options.durable ? DurableCursor : StaticDataStore)(
			this.node.name,
			options.staticData,
		);
		this.workflow = this.load();
	}

	private get credentialData(): CredentialData {
		return this.options.credentialData ?? this.parts.credentialData;
	}

	/** The workflow as it is in n8n's database. */
	private load(): Workflow {
		const staticData = this.store.workflowStaticData();
		return makeWorkflow([this.node], {}, this.parts.nodeTypes, { staticData });
	}

	private makeContext(activation: WorkflowActivateMode, mode: 'trigger' | 'manual'): PollContext {
		const { workflow, store } = this;
		const helper = new HarnessCredentialsHelper(this.parts.credentialTypes, this.credentialData);
		return new PollContext(
			workflow,
			workflow.getNode(this.node.name)!,
			additionalData(helper, { workflowId: workflow.id }),
			mode,
			activation,
			(data) => {
				this.emitted = data[0];
				store.emitted(workflow);
			},
			(error) => {
				this.failure = error;
			},
			async () => store.commit(),
			async (run) => await store.runPoll(workflow, run),
			() => store.nodeStaticData(workflow),
		);
	}

	private async execute(context: PollContext, activating: boolean): Promise<void> {
		this.emitted = null;
		this.failure = undefined;
		const executor = Container.get(PollTriggerExecutor);
		const run = executor.create(this.workflow, context.getNode(), context, () => true);
		try {
			await this.workflow.expression.withIsolate(async () => await run(activating));
		} catch (error) {
			this.failure = error as Error;
		}
	}

	private outcome(): PollOutcome {
		return {
			items: this.emitted,
			...(this.failure && { error: this.failure }),
			staticData: structuredClone(this.store.inMemory(this.workflow)),
			stored: this.store.stored(),
		};
	}

	/** Switches the workflow on: polls once; what the node stored is kept if it did not throw. */
	async activate(activation: WorkflowActivateMode = 'activate'): Promise<PollOutcome> {
		this.workflow = this.load();
		this.context = this.makeContext(activation, 'trigger');
		await this.execute(this.context, true);
		if (!this.failure) this.store.activated(this.workflow);
		return this.outcome();
	}

	/** One scheduled poll. */
	async tick(): Promise<PollOutcome> {
		if (this.options.durable) {
			this.workflow = this.load();
			this.context = this.makeContext('update', 'trigger');
		}
		this.context ??= this.makeContext('init', 'trigger');
		await this.execute(this.context, false);
		return this.outcome();
	}

	/**
	 * n8n stops and starts: memory is lost, active workflows are activated again (which polls).
	 * With durable cursors a restart does not poll: `undefined`.
	 */
	async restart(): Promise<PollOutcome | undefined> {
		if (!this.options.durable) return await this.activate('init');
		this.workflow = this.load();
		return undefined;
	}

	/** The editor's test of the trigger: an own copy of the stored state, nothing is stored. */
	async manual(): Promise<PollOutcome> {
		const workflow = this.load();
		const node = workflow.getNode(this.node.name)!;
		const helper = new HarnessCredentialsHelper(this.parts.credentialTypes, this.credentialData);
		const context = new PollContext(workflow, node, additionalData(helper), 'manual', 'manual');
		const type = this.parts.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
		this.emitted = null;
		this.failure = undefined;
		try {
			const data = await workflow.expression.withIsolate(
				async () => await type.poll!.call(context),
			);
			this.emitted = data?.[0] ?? null;
		} catch (error) {
			this.failure = error as Error;
		}
		const staticData = structuredClone({ ...workflow.getStaticData('node', node) });
		return { ...this.outcome(), staticData };
	}
}

/** One poll, of a node whose stored state is `staticData`. */
export async function poll(
	parts: EngineParts,
	type: string,
	parameters?: Record<string, NodeParameterValueType>,
	{ mode = 'trigger', activation, ...options }: PollOptions = {},
): Promise<PollOutcome> {
	const poller = new Poller(parts, type, parameters, options);
	if (mode === 'manual') return await poller.manual();
	return activation ? await poller.activate(activation) : await poller.tick();
}
