import { senderOf } from '../start';
import type { World } from '../world';

/** The operations that cancel a batch which another execution has created too. */
const SETTLING = ['submit', 'submitWaiting'];

/** The batches that were cancelled since another one of the same part stands. */
export function givenUp({ emulator: { ledger }, executions }: World): Set<string> {
	const cancels = ledger.calls('POST', /\/batches\/[^/]+\/cancel$/).filter((request) => {
		const number = senderOf(request);
		return number !== undefined && SETTLING.includes(executions[number].act.operation);
	});
	return new Set(cancels.map(({ path }) => decodeURIComponent(path.split('/').at(-2)!)));
}
