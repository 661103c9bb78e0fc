/**
 * Tests of features that n8n 1 does not have or does in another way, by the beginnings of their names.
 * Everything else in the chosen files has to hold there, too.
 */
export const MISSING = [
	// The field `failure` of an error: why a request was refused, for the durable poller.
	'errors say what n8n and the user can do',
	'faults of a wrong key fail the activation with the reason',
	'faults that go on leave everything to the next poll',
	// Durable cursors of polling triggers.
	'the life of a trigger goes on with durable cursors',
	// Domains that a credential is allowed for.
	'the domains that a credential is allowed for hold',
	// Workflows that keep the files of items in their JSON.
	'a field without the file is found in the JSON of the item',
	'all files of an item are attached where the workflow keeps them in its JSON',
	// Special messages for the answers to a credential's test.
	'the test button says what is wrong with',
];

/** Returns the regular expression for jest that leaves those tests out. */
export const others = (): string => `^(?!${MISSING.join('|')})`;
