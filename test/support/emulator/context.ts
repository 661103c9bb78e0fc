import type { Lifecycle } from './batches/lifecycle';
import type { Clock } from './clock';
import type { Faults } from './faults';
import type { Ledger } from './ledger';
import type { Limits } from './options';
import type { Store } from './store';
import type { Webhooks } from './webhooks';

/** What the routes work with. */
export interface Context {
	apiKey: string;
	basePath: string;
	limits: Limits;
	clock: Clock;
	store: Store;
	lifecycle: Lifecycle;
	ledger: Ledger;
	faults: Faults;
	webhooks: Webhooks;
}
