import { matchesFilters, type EventFilters } from '../../../nodes/batchEvents/eventFilters';
import type { Batch } from '../../../nodes/openai/api/types';

const filters = (fields: Partial<EventFilters>): EventFilters => ({
	endpoint: '',
	metadata: [],
	batchIds: [],
	...fields,
});
const batch = (fields: Partial<Batch>) => ({ id: 'batch_1', endpoint: '', ...fields }) as Batch;

describe('filters', () => {
	test('the version in front of an endpoint is left out by some servers', () => {
		const chosen = filters({ endpoint: '/v1/chat/completions' });
		expect(matchesFilters(batch({ endpoint: '/chat/completions' }), chosen)).toBe(true);
		expect(matchesFilters(batch({ endpoint: '/v1/completions' }), chosen)).toBe(false);
	});

	test('all metadata pairs have to be there', () => {
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
