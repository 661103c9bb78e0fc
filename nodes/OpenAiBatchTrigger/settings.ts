import type { EventName } from './events';
import type { Filters } from './filters';

/** What the user wants to hear of. */
export interface Settings {
	events: ReadonlySet<EventName>;
	filters: Filters;
	/** On activation, what finished in this many hours before it is told too. */
	finishedWithin: number;
}
