import type { FileObject } from '../../openai/api/objects';
import type { FieldsOf } from '../shared/outputFields';
import { amountOrNull, text, textOrNull } from '../shared/outputFields';

/** The fields of a file at the service. */
export const FILE_FIELDS: FieldsOf<FileObject> = {
	id: text,
	filename: textOrNull,
	purpose: textOrNull,
	bytes: amountOrNull,
	created_at: amountOrNull,
	expires_at: amountOrNull,
	status: textOrNull,
	status_details: textOrNull,
	object: textOrNull,
};
