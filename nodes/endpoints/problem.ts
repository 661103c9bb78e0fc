/** Why an item cannot become a request; the message is for the user. */
export class RequestProblem extends Error {
	constructor(
		message: string,
		/** The API's name of the place, where there is one. */
		readonly param?: string,
	) {
		super(message);
		this.name = 'RequestProblem';
	}
}
