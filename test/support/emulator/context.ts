import type { Lifecycle } from './batches/lifecycle';
import type { Clock } from './clock';
import type { Faults } from './faults';
import type { Ledger } from './ledger';
import type { Spoken } from './spoken';
import type { Store } from './store';
import type { Webhooks } from './webhooks';

/** What the routes work with. */
export interface Context {
	apiKey: string;
	spoken: Spoken;
	clock: Clock;
	store: Store;
	lifecycle: Lifecycle;
	ledger: Ledger;
	faults: Faults;
	webhooks: Webhooks;
}
