import {
	matches,
	readFilters,
	writeFilters,
	type Filters,
} from '../../../nodes/batchEvents/filters';
import type { Batch } from '../../../nodes/openai/api/types';

const filters = (fields: Partial<Filters>): Filters => ({
	endpoint: '',
	metadata: [],
	batchIds: [],
	...fields,
});
const batch = (fields: Partial<Batch>) => ({ id: 'batch_1', endpoint: '', ...fields }) as Batch;

describe('filters', () => {
	test('the version in front of an endpoint is left out by some servers', () => {
		const chosen = filters({ endpoint: '/v1/chat/completions' });
		expect(matches(batch({ endpoint: '/chat/completions' }), chosen)).toBe(true);
		expect(matches(batch({ endpoint: '/v1/completions' }), chosen)).toBe(false);
	});

	test('all metadata pairs have to be there', () => {
		const chosen = filters({
			metadata: [
				['job', 'films'],
				['run', '7'],
			],
		});
		expect(matches(batch({ metadata: { job: 'films', run: '7', more: 'x' } }), chosen)).toBe(true);
		expect(matches(batch({ metadata: { job: 'films' } }), chosen)).toBe(false);
		expect(matches(batch({ metadata: null }), chosen)).toBe(false);
	});

	test('are the same text in any order, and come back from it', () => {
		const chosen = filters({
			metadata: [
				['b', '1'],
				['a', '2'],
			],
			batchIds: ['y', 'x'],
		});
		const turned = filters({
			metadata: [
				['a', '2'],
				['b', '1'],
			],
			batchIds: ['x', 'y'],
		});
		expect(writeFilters(chosen)).toBe(writeFilters(turned));
		expect(readFilters(writeFilters(chosen))).toEqual(turned);
		expect(writeFilters(chosen)).not.toBe(writeFilters(filters({ endpoint: '/v1/x' })));
	});

	test('take no more room than a hash when they are long', () => {
		const many = filters({ batchIds: Array.from({ length: 100 }, (_, i) => `batch_${i}_of_many`) });
		expect(writeFilters(many)).toHaveLength(8);
		expect(readFilters(writeFilters(many))).toBeUndefined();
	});
});
