import type { IDataObject, NodeParameterValueType } from 'n8n-workflow';
import type { Product } from './product';

/**
 * Submits items as one batch, which the emulator has to accept and complete, and gives what was
 * uploaded for it.
 */
export async function uploaded(
	{ json, finish, emulator }: Product,
	parameters: Record<string, NodeParameterValueType>,
	items: IDataObject[],
): Promise<string> {
	const [batch] = await json('batch', 'submit', parameters, items);
	await finish(String(batch.id));
	expect(emulator.batch(String(batch.id))).toMatchObject({
		status: 'completed',
		errors: null,
		request_counts: { total: items.length, completed: items.length, failed: 0 },
	});
	return emulator.file(String(batch.input_file_id)).text();
}

/** A line of the uploaded file, to the letter. */
export const line = (custom_id: string, url: string, body: object) =>
	`${JSON.stringify({ custom_id, method: 'POST', url, body })}\n`;
