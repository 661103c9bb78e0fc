/** Something that the API would refuse later. */
export interface Issue {
	/** The API's own code where it has one: `missing_required_parameter`, `invalid_url`, … */
	code: string;
	/** What is wrong and what to do about it. */
	message: string;
	/** The API's name of the place: `custom_id`, `body.model`, … */
	param?: string;
	/** The request meant, when it has a usable id. */
	custom_id?: string;
}
