import { OPERATIONS } from './operations';
import { objectOf } from './shared/outputFields';

/** The version of the node, as n8n has it in the name of the folder. */
const VERSION_FOLDER = 'v1.0.0';

/**
 * A JSON schema of the output of each operation, by the path where n8n looks for it below the folder
 * `__schema__`, beside the file of the node. The build writes them.
 */
export function outputSchemas(): Record<string, object> {
	const schemas = Object.entries(OPERATIONS).flatMap(([resource, operations]) =>
		operations.map(({ option, output }) => {
			const path = `${VERSION_FOLDER}/${resource}/${String(option.value)}.json`;
			// n8n reads a version of the schema itself.
			return [path, { ...objectOf(output), version: 1 }] as const;
		}),
	);
	return Object.fromEntries(schemas);
}
