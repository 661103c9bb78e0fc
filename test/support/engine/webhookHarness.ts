import './environment';
import { HookContext, WebhookContext } from 'n8n-core';
import type {
	ICredentialType,
	IDataObject,
	INode,
	INodeExecutionData,
	INodeParameters,
	IWebhookData,
	IWorkflowExecuteAdditionalData,
	NodeParameterValueType,
	WorkflowActivateMode,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { Workflow } from 'n8n-workflow';
import { additionalData } from './additionalData';
import { HarnessCredentialsHelper, type CredentialData } from './credentialsHelper';
import { useExpressionEngine, type ExpressionEngine } from './expressionEngine';
import { credentialTypes, HarnessNodeTypes, type NodeClass } from './nodeTypes';
import { completeNode, makeWorkflow } from './workflow';
import { startWebhookServer, type Handler } from './webhookServer';

export interface WebhookNodeOptions {
	node: NodeClass;
	credentials: Array<new () => ICredentialType>;
	/** May be changed in place, as users change stored credentials. */
	credentialData: CredentialData;
	parameters?: Record<string, NodeParameterValueType>;
	/** The origin of n8n's public address, what the environment variable WEBHOOK_URL sets. */
	publicOrigin?: string;
	/** Default: that of n8n. */
	expressionEngine?: ExpressionEngine;
}

/** An execution that a delivery started. */
export interface WebhookExecution {
	items: INodeExecutionData[];
	/** The node threw: n8n shows a failed execution, and no further node runs. */
	error?: Error;
}

const TYPE = 'webhookNode';

/**
 * A webhook trigger node over its life in n8n, with n8n's contexts and its rules of what is stored
 * when: activation stores the static data once every node is active and undoes what it did from
 * the stored data when it fails. A delivery stores them unless the node throws, after the execution
 * was made and the answer was found, if they have changed since the former.
 */
export class WebhookNode {
	/** What deliveries started, oldest first. */
	readonly executions: WebhookExecution[] = [];
	/** What went wrong while a failed activation was undone: n8n writes it to its log only. */
	readonly logged: Error[] = [];
	/** The workflow's static data as n8n has stored it. */
	stored: IDataObject = {};
	publicOrigin: string;
	parameters: Record<string, NodeParameterValueType>;
	readonly credentialData: CredentialData;
	private readonly nodeTypes: HarnessNodeTypes;
	private readonly types: Map<string, ICredentialType>;
	private isActive = false;
	private server!: Awaited<ReturnType<typeof startWebhookServer>>;

	private constructor(options: WebhookNodeOptions) {
		this.nodeTypes = new HarnessNodeTypes({ [TYPE]: options.node });
		this.types = credentialTypes(options.credentials);
		this.credentialData = options.credentialData;
		this.parameters = options.parameters ?? {};
		this.publicOrigin = options.publicOrigin ?? 'https://n8n.example';
	}

	/** Starts the server that deliveries are sent to. */
	static async start(options: WebhookNodeOptions): Promise<WebhookNode> {
		await useExpressionEngine(options.expressionEngine ?? 'vm');
		const webhookNode = new WebhookNode(options);
		const handle: Handler = async (...args) => await webhookNode.handle(...args);
		webhookNode.server = await startWebhookServer(handle);
		return webhookNode;
	}

	/** Where the server listens: behind n8n's public address, as a reverse proxy's target is. */
	get origin(): string {
		return this.server.origin;
	}

	/** The node's own part of the stored static data. */
	get staticData(): IDataObject {
		return (this.stored['node:Trigger'] as IDataObject | undefined) ?? {};
	}

	/** The JSON of every item that was emitted. */
	get emitted(): IDataObject[] {
		return this.executions.flatMap(({ items }) => items.map(({ json }) => json));
	}

	/**
	 * Publishes the workflow, or starts n8n with it (`init`).
	 *
	 * @param otherNodeFails whether another trigger of the workflow cannot be activated afterwards
	 * @throws what the node throws
	 */
	async activate(activation: WorkflowActivateMode = 'activate', otherNodeFails?: Error) {
		const { workflow, node, additional, webhookData } = this.load();
		const context = new HookContext(workflow, node, additional, 'trigger', activation, webhookData);
		const methods = this.nodeTypes.getByNameAndVersion(TYPE).webhookMethods!.default!;
		try {
			await workflow.expression.withIsolate(async () => {
				if (!(await methods.checkExists.call(context))) await methods.create.call(context);
			});
			if (otherNodeFails) throw otherNodeFails;
		} catch (error) {
			await this.deactivate().catch((failed: Error) => this.logged.push(failed));
			throw error;
		}
		this.save(workflow);
		this.isActive = true;
	}

	/** Unpublishes the workflow. */
	async deactivate(): Promise<void> {
		const { workflow, node, additional, webhookData } = this.load();
		const context = new HookContext(workflow, node, additional, 'internal', 'update', webhookData);
		const methods = this.nodeTypes.getByNameAndVersion(TYPE).webhookMethods!.default!;
		this.isActive = false;
		await workflow.expression.withIsolate(async () => await methods.delete.call(context));
		this.save(workflow);
	}

	async close(): Promise<void> {
		await this.server.close();
	}

	private handle: Handler = async (request, response) => {
		const { workflow, node, additional, webhookData } = this.load();
		if (!this.isActive || request.method !== 'POST' || request.url !== `/webhook/hook-1/webhook`) {
			response.status(404).json({ message: 'The requested webhook is not registered.' });
			return;
		}
		const mode: WorkflowExecuteMode = 'webhook';
		Object.assign(additional, { httpRequest: request, httpResponse: response });
		const context = new WebhookContext(workflow, node, additional, mode, webhookData, [], null);
		const type = this.nodeTypes.getByNameAndVersion(TYPE);
		try {
			const result = await workflow.expression.withIsolate(
				async () => await type.webhook!.call(context),
			);
			const { workflowData, noWebhookResponse } = result;
			if (workflowData) {
				this.executions.push({ items: workflowData[0] ?? [] });
				this.prepareExecution(workflow);
			}
			const message = workflowData ? 'Workflow was started' : 'Webhook call received';
			const body = result.webhookResponse ?? { message };
			this.save(workflow);
			if (noWebhookResponse !== true) response.status(200).json(body);
		} catch (error) {
			this.executions.push({ items: [], error: error as Error });
			const message = 'Workflow Webhook Error: Workflow could not be started!';
			response.status(500).json({ message });
		}
	};

	/** What runs is another workflow over the same static data, which takes them as unchanged. */
	private prepareExecution({ id, nodes, staticData }: Workflow): void {
		const { nodeTypes } = this;
		new Workflow({
			id,
			nodes: Object.values(nodes),
			connections: {},
			active: true,
			nodeTypes,
			staticData,
		});
	}

	/** The workflow as it is in n8n's database. */
	private load() {
		const node: INode = completeNode(
			{ name: 'Trigger', type: TYPE, parameters: this.parameters, webhookId: 'hook-1' },
			0,
			this.nodeTypes,
			this.credentialData,
		);
		const workflow = makeWorkflow([node], {}, this.nodeTypes, { staticData: this.stored });
		const helper = new HarnessCredentialsHelper(this.types, this.credentialData);
		const additional: IWorkflowExecuteAdditionalData = additionalData(helper, {
			workflowId: workflow.id,
			webhookBaseUrl: `${this.publicOrigin}/webhook`,
			currentNodeParameters: node.parameters as INodeParameters,
		});
		const [webhookDescription] = this.nodeTypes.getByNameAndVersion(TYPE).description.webhooks!;
		const webhookData: IWebhookData = {
			httpMethod: 'POST',
			node: node.name,
			path: 'hook-1/webhook',
			webhookDescription,
			workflowId: workflow.id,
			workflowExecuteAdditionalData: additional,
		};
		return { workflow, node: workflow.getNode(node.name)!, additional, webhookData };
	}

	private save({ staticData }: Workflow): void {
		if (staticData.__dataChanged !== true) return;
		this.stored = JSON.parse(JSON.stringify(staticData)) as IDataObject;
	}
}
