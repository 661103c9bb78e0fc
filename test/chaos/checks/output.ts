import type { IDataObject } from 'n8n-workflow';
import type { WireBatch } from '../../support/emulator/batches/batch';
import type { RunResult } from '../../support/engine';
import { exists, type World } from '../world';
import { givenUp } from './givenUp';

export const jsonOf = (result: RunResult): IDataObject[] =>
	result.items('Node').map(({ json }) => json);

/** The model of a batch of ours, also of a new one. */
const modelOf = ({ metadata }: WireBatch) => metadata?.submission_tokens?.split(' ')[1];

/** No batch is returned that was given up for another one. */
export function checkOutput(world: World, result: RunResult): void {
	const spent = givenUp(world);
	for (const { id, status, input_file_id: fileId } of jsonOf(result)) {
		if (status === 'waiting') {
			world.count('parts that waited');
			if (exists(world, fileId as string)) continue;
			world.broken('a part that waits is uploaded', { fileId });
		} else if (spent.has(id as string)) {
			world.broken('what is returned was not given up', { id });
		}
	}
}

/** Of one model, nothing overtakes a part that waits. */
export function checkOrder(world: World, result: RunResult): void {
	const waiting = new Set<unknown>();
	for (const { id, status, model } of jsonOf(result)) {
		if (status === 'waiting') waiting.add(model);
		else if (waiting.has(modelOf(world.emulator.batch(id as string)))) {
			world.broken('nothing overtakes what waits', jsonOf(result));
		}
	}
}
