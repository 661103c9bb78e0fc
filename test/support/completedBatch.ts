/** A batch that has completed, as the API returns it, with the fields that every server gives. */
export const COMPLETED_BATCH = {
	id: 'batch_1',
	object: 'batch',
	endpoint: '/v1/chat/completions',
	input_file_id: 'file-1',
	completion_window: '24h',
	status: 'completed',
	created_at: 1_790_000_000,
	output_file_id: 'file-2',
	request_counts: { total: 1, completed: 1, failed: 0 },
};
