import './environment';
import { commonPollingParameters } from 'n8n-core/dist/nodes-loader/constants';
import {
	injectDomainRestrictionFields,
	NodeHelpers,
	UnexpectedError,
	type ICredentialType,
	type INodeType,
	type INodeTypes,
	type IVersionedNodeType,
} from 'n8n-workflow';

/** A node class as a package exports it. */
export type NodeClass = new () => INodeType | IVersionedNodeType;

/** The node types of an engine, prepared the way n8n's loader prepares them. */
export class HarnessNodeTypes implements INodeTypes {
	private readonly types = new Map<string, INodeType | IVersionedNodeType>();

	constructor(classes: Record<string, NodeClass>) {
		for (const [name, nodeClass] of Object.entries(classes)) {
			const type = new nodeClass();
			if ('poll' in type && type.description.polling) {
				type.description.properties.unshift(...commonPollingParameters);
			}
			this.types.set(name, type);
		}
	}

	getByName(name: string): INodeType | IVersionedNodeType {
		const type = this.types.get(name);
		if (!type) throw new UnexpectedError(`Unknown node type "${name}"`);
		return type;
	}

	getByNameAndVersion(name: string, version?: number): INodeType {
		return NodeHelpers.getVersionedNodeType(this.getByName(name), version);
	}

	getKnownTypes(): Record<string, never> {
		return {};
	}

	/** The version n8n gives a node that the user adds today. */
	latestVersion(name: string): number {
		const type = this.getByName(name);
		if ('nodeVersions' in type) return type.currentVersion;
		const { version } = type.description;
		return Array.isArray(version) ? Math.max(...version) : version;
	}
}

/** Credential types by name, with the domain restriction fields that n8n adds to each. */
export function credentialTypes(
	types: Array<ICredentialType | (new () => ICredentialType)>,
): Map<string, ICredentialType> {
	return new Map(
		types.map((entry) => {
			const type = typeof entry === 'function' ? new entry() : entry;
			type.properties = injectDomainRestrictionFields(type);
			return [type.name, type];
		}),
	);
}
