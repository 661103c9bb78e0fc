import './environment';
import { Container } from './container';
import { BinaryDataService } from 'n8n-core';
import { UnexpectedError, type INodeExecutionData } from 'n8n-workflow';

let started: Promise<void> | undefined;

/** Starts n8n's binary data store (files in the temporary folder), once a process. */
export async function startBinaryData(): Promise<void> {
	await (started ??= Container.get(BinaryDataService).init());
}

/** The bytes behind a binary property of an item, wherever n8n keeps them. */
export async function binary(item: INodeExecutionData, property = 'data'): Promise<Buffer> {
	const data = item.binary?.[property];
	if (!data) throw new UnexpectedError(`The item has no binary property "${property}"`);
	return await Container.get(BinaryDataService).getAsBuffer(data);
}
