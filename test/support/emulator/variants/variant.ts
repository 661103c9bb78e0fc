import type { Endpoint, RequestLine } from '../batches/requestLine';

/** One line's ordinary answer, from which a variant of it is made. */
export interface OrdinaryLine {
	id: string;
	request: RequestLine;
	/** The body of the ordinary answer. */
	body: unknown;
}

/** A rarer form of an answer, or of the line around it. */
export type Variant = {
	/** Whether the request counts as failed, and its lines stand in the error file. */
	fails?: boolean;
} & (
	| {
			/** The endpoint whose answers have this form. */
			endpoint: Endpoint;
			/** Turns the ordinary answer into this one. */
			change: (body: never, request: RequestLine) => void;
	  }
	/** The lines in place of the ordinary one: objects, or texts as they are. */
	| { lines: (ordinary: OrdinaryLine) => unknown[] }
);
