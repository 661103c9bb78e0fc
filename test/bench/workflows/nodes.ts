import type { WorkflowJson, WorkflowNode } from '../../n8n/types';

type Parameters = Record<string, unknown>;

/** A node of a workflow that runs its nodes one after the other. */
export interface Step {
	name: string;
	type: string;
	typeVersion: number;
	parameters: Parameters;
	credentials?: WorkflowNode['credentials'];
}

const base = (type: string, typeVersion: number) => (name: string, parameters: Parameters) => ({
	name,
	type: `n8n-nodes-base.${type}`,
	typeVersion,
	parameters,
});

export const manualTrigger = base('manualTrigger', 1);
export const httpRequest = base('httpRequest', 4.2);
export const convertToFile = base('convertToFile', 1.1);
export const extractFromFile = base('extractFromFile', 1.1);

export const code = (name: string, jsCode: string): Step =>
	base('code', 2)(name, { mode: 'runOnceForAllItems', jsCode });

/** The benchmark's own node. */
export const bench = (name: string, parameters: Parameters): Step => ({
	name,
	type: 'CUSTOM.bench',
	typeVersion: 1,
	parameters,
});

export const TRIGGER = 'Start';

/** A workflow of steps one after the other, behind a manual trigger. */
export function chain(name: string, steps: Step[]): WorkflowJson {
	const all = [manualTrigger(TRIGGER, {}), ...steps];
	const nodes = all.map((step, index) => ({
		...step,
		id: `n${index}`,
		position: [index * 200, 0],
	}));
	const links = steps.map((step, index) => [
		all[index].name,
		{ main: [[{ node: step.name, type: 'main', index: 0 }]] },
	]);
	return {
		name,
		nodes,
		connections: Object.fromEntries(links) as Record<string, unknown>,
		settings: { executionOrder: 'v1' },
	};
}
