import type { Step } from '../../support/lab/workflows/steps';

type Parameters = Record<string, unknown>;

const base = (type: string, typeVersion: number) => (name: string, parameters: Parameters) => ({
	name,
	type: `n8n-nodes-base.${type}`,
	typeVersion,
	parameters,
});

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
