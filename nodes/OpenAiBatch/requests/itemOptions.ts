import type { IExecuteFunctions } from 'n8n-workflow';
import { AttachedFiles } from './attachedFiles';
import type { ChosenOptions } from './requestOptions';
import { optionsReader } from './requestOptions';
import type { Endpoint, RequestOptions, Server } from '../../endpoints/endpoint';
import { isAbsent } from '../../jsonl/fieldChecks';
import { isObject } from '../../jsonl/json';
import type { ItemParameter, ItemParameters } from '../parameters/itemParameters';

/** Reads a value for each item, and converts it only when the raw value has changed. */
export function remembered<T>(
	read: ItemParameter,
	convert: (raw: unknown) => T,
): (index: number) => T {
	let last: { raw: unknown; value: T } | undefined;
	return (itemIndex) => {
		const raw = read(itemIndex);
		if (!last || last.raw !== raw) last = { raw, value: convert(raw) };
		return last.value;
	};
}

/** Both the files and the request of an item need its options, which n8n may have to evaluate. */
function oncePerItem<T>(read: (itemIndex: number) => T): (itemIndex: number) => T {
	let last: { itemIndex: number; value: T } | undefined;
	return (itemIndex) => {
		if (last?.itemIndex !== itemIndex) last = { itemIndex, value: read(itemIndex) };
		return last.value;
	};
}

/** The request options of the items, and the files that belong to them; see `RequestSource`. */
export interface ItemOptions {
	/** @throws {RequestProblem} */
	options: (itemIndex: number) => RequestOptions;
	prepare?: (itemIndex: number) => Promise<string[]> | undefined;
	files?: AttachedFiles;
}

/** Prepares the request options of all items. Without attachments, nothing has to be read. */
export function itemOptions({
	context,
	parameters,
	endpoint,
	server,
}: {
	context: IExecuteFunctions;
	parameters: ItemParameters;
	endpoint: Endpoint;
	server: Server;
}): ItemOptions {
	const readOptions = optionsReader();
	const chosen = oncePerItem(
		remembered<ChosenOptions>(parameters.read('requestOptions', { fallback: {} }), (raw) =>
			readOptions(raw as Record<string, unknown>),
		),
	);
	const raw: unknown = context.getNodeParameter('requestOptions', 0, {}, { rawExpressions: true });
	if (isObject(raw) && isAbsent(raw.attachments)) {
		return { options: chosen as (itemIndex: number) => RequestOptions };
	}
	const files = new AttachedFiles(context, endpoint, server);
	return {
		files,
		prepare(itemIndex) {
			try {
				return files.read(itemIndex, chosen(itemIndex).attachments ?? []);
			} catch {
				// The same error comes again where the request is made.
				return undefined;
			}
		},
		options(itemIndex) {
			const { attachments, ...others } = chosen(itemIndex);
			if (!attachments) return others;
			return { ...others, attachments: files.attachments(itemIndex, attachments) };
		},
	};
}
