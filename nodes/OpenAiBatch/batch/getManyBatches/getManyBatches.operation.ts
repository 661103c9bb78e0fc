import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { BATCH_PAGE_SIZE, listBatches } from '../../../openai/api/batches';
import { OpenAiClient } from '../../../openai/http/client';
import { showFor } from '../../shared/display';
import { metadataField, returnAllFields, wantedCount } from '../../shared/fields';
import type { Operation } from '../../shared/operation';
import { forEachItem } from '../../shared/operation';
import type { BatchFilters } from './batchFilters';
import { compileFilters } from './batchFilters';

export const getAll: Operation = {
	option: {
		name: 'Get Many',
		value: 'getAll',
		action: 'Get many batches',
		description: 'List batches, newest first',
	},
	properties: showFor('batch', 'getAll', [
		...returnAllFields,
		{
			displayName: 'Filters',
			name: 'filters',
			type: 'collection',
			placeholder: 'Add filter',
			default: {},
			options: [
				{
					displayName: 'Created After',
					name: 'createdAfter',
					type: 'dateTime',
					default: '',
					description: 'Older batches are not read at all, which saves requests',
				},
				{ displayName: 'Created Before', name: 'createdBefore', type: 'dateTime', default: '' },
				{
					displayName: 'Endpoint',
					name: 'endpoint',
					type: 'string',
					default: '',
					placeholder: 'e.g. /v1/chat/completions',
				},
				{ ...metadataField, description: 'Only batches that have all these pairs' },
				{
					displayName: 'Status',
					name: 'status',
					type: 'multiOptions',
					options: [
						{ name: 'Cancelled', value: 'cancelled' },
						{ name: 'Cancelling', value: 'cancelling' },
						{ name: 'Completed', value: 'completed' },
						{ name: 'Expired', value: 'expired' },
						{ name: 'Failed', value: 'failed' },
						{ name: 'Finalizing', value: 'finalizing' },
						{ name: 'In Progress', value: 'in_progress' },
						{ name: 'Validating', value: 'validating' },
					],
					default: [],
				},
			],
		},
	]),
	execute: forEachItem(async (context, itemIndex) => {
		const wanted = wantedCount(context, itemIndex);
		const filters = context.getNodeParameter('filters', itemIndex, {}) as BatchFilters;
		const { matches, notBefore } = compileFilters(context, filters, itemIndex);
		const isFiltered = Object.keys(filters).length > 0;
		const pageSize = isFiltered ? BATCH_PAGE_SIZE : Math.min(wanted, BATCH_PAGE_SIZE);
		const found: INodeExecutionData[] = [];
		for await (const batch of listBatches(new OpenAiClient(context, { itemIndex }), pageSize)) {
			if (batch.created_at < notBefore) break;
			if (!matches(batch)) continue;
			found.push({ json: batch as unknown as IDataObject });
			if (found.length >= wanted) break;
		}
		return found;
	}),
};
