import './environment';
import { Credentials, getAdditionalKeys } from 'n8n-core';
import {
	ICredentialsHelper,
	isExpression,
	NodeHelpers,
	UnexpectedError,
	Workflow,
	type ICredentialDataDecryptedObject,
	type ICredentials,
	type ICredentialsExpressionResolveValues,
	type ICredentialType,
	type IExecuteData,
	type IHttpRequestHelper,
	type IHttpRequestOptions,
	type INode,
	type INodeCredentialsDetails,
	type INodeProperties,
	type INodeTypes,
	type IRequestOptionsSimplified,
	type IWorkflowExecuteAdditionalData,
	type WorkflowExecuteMode,
} from 'n8n-workflow';

/** The stored fields of each credential, by credential type name. */
export type CredentialData = Record<string, ICredentialDataDecryptedObject>;

/** n8n resolves expressions inside credentials against a node that exists nowhere. */
const mockNode: INode = {
	id: 'mock',
	name: '',
	typeVersion: 1,
	type: 'mock',
	position: [0, 0],
	parameters: {},
};
const mockNodeTypes = {
	getKnownTypes: () => ({}),
	getByName: () => ({ description: { properties: [] } }),
	getByNameAndVersion: () => ({ description: { properties: [] } }),
} as unknown as INodeTypes;

/**
 * Credentials as n8n's own `CredentialsHelper` treats them, without its database: defaults and
 * expressions of the stored fields are resolved, and the type's `authenticate` (a function, or the
 * declarative form with expressions) is applied to each request.
 */
export class HarnessCredentialsHelper extends ICredentialsHelper {
	constructor(
		private readonly types: Map<string, ICredentialType>,
		private readonly data: CredentialData,
	) {
		super();
	}

	private type(name: string): ICredentialType {
		const type = this.types.get(name);
		if (!type) throw new UnexpectedError(`Unknown credential type "${name}"`);
		return type;
	}

	getParentTypes(name: string): string[] {
		return (this.type(name).extends ?? []).flatMap((parent) => [
			parent,
			...this.getParentTypes(parent),
		]);
	}

	isCredentialUsableByNode(): boolean {
		return true;
	}

	getCredentialsProperties(name: string): INodeProperties[] {
		const combined: INodeProperties[] = [];
		for (const parent of this.type(name).extends ?? []) {
			NodeHelpers.mergeNodeProperties(combined, this.getCredentialsProperties(parent));
		}
		NodeHelpers.mergeNodeProperties(combined, this.type(name).properties);
		return combined;
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		incoming: IHttpRequestOptions | IRequestOptionsSimplified,
		workflow?: Workflow,
		node?: INode,
	): Promise<IHttpRequestOptions> {
		const request = incoming as IHttpRequestOptions;
		const { authenticate } = this.type(typeName);
		if (!authenticate) return request;
		if (typeof authenticate === 'function') return await authenticate(credentials, request);
		if (!workflow || !node) throw new UnexpectedError('Workflow and node are required');

		request.headers ??= {};
		if (authenticate.type !== 'generic') return request;
		const resolve = (value: string) => this.resolveValue(value, credentials, workflow, node);
		for (const [part, fields] of Object.entries(authenticate.properties)) {
			const target = ((request as unknown as Record<string, object>)[part] ??= {});
			for (const [key, value] of Object.entries(fields as Record<string, string>)) {
				Object.assign(target, { [resolve(key)]: resolve(value) });
			}
		}
		return request;
	}

	/** As n8n does: anything falsy becomes the empty string, anything else a string. */
	private resolveValue(
		value: string,
		credentials: ICredentialDataDecryptedObject,
		workflow: Workflow,
		node: INode,
	): string {
		if (!isExpression(value)) return value;
		const keys = { $credentials: credentials } as never;
		const resolved = workflow.expression.getSimpleParameterValue(
			node,
			value,
			'internal',
			keys,
			undefined,
			'',
		);
		return resolved ? resolved.toString() : '';
	}

	/** n8n refreshes expirable tokens here; API keys do not expire. */
	async preAuthentication(): Promise<undefined> {
		return undefined;
	}

	async runPreAuthentication(
		_helpers: IHttpRequestHelper,
		_credentials: ICredentialDataDecryptedObject,
		_typeName: string,
	): Promise<undefined> {
		return undefined;
	}

	async getCredentials(details: INodeCredentialsDetails, type: string): Promise<ICredentials> {
		const credentials = new Credentials({ id: details.id, name: details.name }, type);
		await credentials.setData(this.data[type] ?? {});
		return credentials;
	}

	async getDecrypted(
		additionalData: IWorkflowExecuteAdditionalData,
		_details: INodeCredentialsDetails,
		type: string,
		mode: WorkflowExecuteMode,
		executeData?: IExecuteData,
		raw?: boolean,
		resolveValues?: ICredentialsExpressionResolveValues,
	): Promise<ICredentialDataDecryptedObject> {
		const stored = this.data[type];
		if (!stored) throw new UnexpectedError(`No data for credential "${type}" in this test`);
		if (raw) return stored;
		return await this.applyDefaults(additionalData, stored, type, mode, executeData, resolveValues);
	}

	/** Fills in the defaults of the credential's fields and resolves their expressions. */
	async applyDefaults(
		additionalData: IWorkflowExecuteAdditionalData,
		stored: ICredentialDataDecryptedObject,
		type: string,
		mode: WorkflowExecuteMode,
		executeData?: IExecuteData,
		resolveValues?: ICredentialsExpressionResolveValues,
	): Promise<ICredentialDataDecryptedObject> {
		const data = NodeHelpers.getNodeParameters(
			this.getCredentialsProperties(type),
			{ ...stored } as never,
			true,
			false,
			null,
			null,
		) as ICredentialDataDecryptedObject;
		const keys = getAdditionalKeys(additionalData, mode, null, { isCredential: true });
		if (resolveValues) {
			return resolveValues.workflow.expression.getParameterValue(
				data as never,
				resolveValues.runExecutionData,
				resolveValues.runIndex,
				resolveValues.itemIndex,
				resolveValues.node.name,
				resolveValues.connectionInputData,
				mode,
				keys,
				executeData,
				false,
				data,
			) as ICredentialDataDecryptedObject;
		}
		const workflow = new Workflow({
			nodes: [mockNode],
			connections: {},
			active: false,
			nodeTypes: mockNodeTypes,
		});
		return await workflow.expression.withIsolate(
			async () =>
				workflow.expression.getComplexParameterValue(
					mockNode,
					data as never,
					mode,
					keys,
					undefined,
					undefined,
					data,
				) as ICredentialDataDecryptedObject,
		);
	}

	async updateCredentials(): Promise<void> {
		throw new UnexpectedError('The harness keeps no credentials');
	}

	async updateCredentialsOauthTokenData(): Promise<void> {
		throw new UnexpectedError('The harness keeps no credentials');
	}
}
