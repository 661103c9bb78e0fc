import { matchesFilters, type EventFilters } from '../../../nodes/batchEvents/eventFilters';
import type { Batch } from '../../../nodes/openai/api/objects';

const filters = (fields: Partial<EventFilters>): EventFilters => ({
	endpoint: '',
	metadata: [],
	batchIds: [],
	...fields,
});
const batch = (fields: Partial<Batch>) => ({ id: 'batch_1', endpoint: '', ...fields }) as Batch;

describe('filters', () => {
	test('match an endpoint with or without the version in front', () => {
		const chosen = filters({ endpoint: '/v1/chat/completions' });
		expect(matchesFilters(batch({ endpoint: '/chat/completions' }), chosen)).toBe(true);
		expect(matchesFilters(batch({ endpoint: '/v1/completions' }), chosen)).toBe(false);
	});

	test('match batches that have all metadata pairs', () => {
		const chosen = filters({
			metadata: [
				['job', 'films'],
				['run', '7'],
			],
		});
		expect(matchesFilters(batch({ metadata: { job: 'films', run: '7', more: 'x' } }), chosen)).toBe(
			true,
		);
		expect(matchesFilters(batch({ metadata: { job: 'films' } }), chosen)).toBe(false);
		expect(matchesFilters(batch({ metadata: null }), chosen)).toBe(false);
	});
});
