import '../support/engine/environment';
import * as core from 'n8n-core';
import * as workflow from 'n8n-workflow';
import type { ICredentialType, INode, Workflow } from 'n8n-workflow';
import { Container } from '../support/engine/container';

/**
 * What the engine harness takes from newer versions, as the older version does it. Only the harness
 * uses this: the nodes run with the unchanged older version.
 */

/** One poll, as `ActiveWorkflows.activatePolling` did it before there was an executor. */
class PollTriggerExecutor {
	create(pollWorkflow: Workflow, node: INode, context: core.PollContext) {
		return async (isActivating: boolean): Promise<void> => {
			try {
				const type = pollWorkflow.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
				const items = await type.poll!.call(context);
				if (items !== null) context.__emit(items);
			} catch (error) {
				if (isActivating) throw error;
				context.__emitError(error as Error);
			}
		};
	}
}

function add(target: object, name: string, value: unknown): void {
	if (!(name in target)) Object.assign(target, { [name]: value });
}

add(core, 'PollTriggerExecutor', PollTriggerExecutor);
Container.set(PollTriggerExecutor, new PollTriggerExecutor());
add(workflow, 'injectDomainRestrictionFields', ({ properties }: ICredentialType) => properties);
add(workflow.Expression, 'setExpressionEngine', () => {});
add(workflow.Expression, 'disposeExpressionEngine', async () => {});
add(
	workflow.Expression.prototype,
	'withIsolate',
	async (evaluate: () => Promise<unknown>) => await evaluate(),
);
