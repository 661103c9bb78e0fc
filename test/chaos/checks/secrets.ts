import { inspect } from 'node:util';
import type { RunResult } from '../../support/engine';
import type { Act } from '../start';
import { SECRET, type World } from '../world';

/** The key may be in nothing that an execution leaves behind. */
export function checkSecrets(world: World, { operation }: Act, result: RunResult): void {
	const { runData, error, staticData, messages } = result;
	const seen = inspect({ runData, error, staticData, messages }, { depth: 14, showHidden: true });
	const at = seen.indexOf(SECRET);
	if (at < 0) return;
	world.broken('the key is nowhere', { operation, where: seen.slice(at - 200, at) });
}
