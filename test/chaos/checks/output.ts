import type { IDataObject } from 'n8n-workflow';
import type { WireBatch } from '../../support/emulator/batches/batch';
import type { RunResult } from '../../support/engine';
import { exists, type World } from '../world';
import { givenUp } from './givenUp';

export const jsonOf = (result: RunResult): IDataObject[] =>
	result.items('Node').map(({ json }) => json);

/** The model of a batch of ours, also of a new one. */
const modelOf = ({ metadata }: WireBatch) => metadata?.submission_tokens?.split(' ')[1];

/** No batch is returned that was given up for another one, unless a hint names it as in doubt. */
export function checkOutput(world: World, result: RunResult): void {
	const spent = givenUp(world);
	const hints = result.hints('Node').map(({ message }) => message);
	for (const { id, status, input_file_id: fileId } of jsonOf(result)) {
		if (status === 'waiting') {
			world.count('parts that waited');
			if (exists(world, fileId as string)) continue;
			world.broken('a part that waits is uploaded', { fileId });
		} else if (spent.has(id as string) && !hints.some((hint) => hint.includes(id as string))) {
			world.broken('what is returned was not given up', { id });
		}
	}
}

/** So many refusals in a row, and a part is tried less and less often. */
const REFUSALS = 3;

/** Of one model, nothing overtakes a part that waits, unless it was refused again and again. */
export function checkOrder(world: World, result: RunResult): void {
	const { batches } = world.emulator.ledger;
	const waiting = new Set<unknown>();
	for (const { id, status, model, submission_key: key } of jsonOf(result)) {
		const refused = batches.filter(
			(batch) => batch.metadata?.submission_key === key && batch.status === 'failed',
		);
		if (status === 'waiting' && refused.length >= REFUSALS) continue;
		if (status === 'waiting') waiting.add(model);
		else if (waiting.has(modelOf(world.emulator.batch(id as string)))) {
			world.broken('nothing overtakes what waits', jsonOf(result));
		}
	}
}
