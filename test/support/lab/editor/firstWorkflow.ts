import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const README = resolve(__dirname, '..', '..', '..', '..', 'README.md');

/** What the README says to enter in the first workflow, and which Custom ID it says is there before. */
export function readFirstWorkflow() {
	const text = readFileSync(README, 'utf8');
	const [, rows] = /```js\n([^]*?)```/.exec(text)!;
	const [, prompt] = /_Prompt_: `([^`]+)`/.exec(text)!;
	const [, initial, customId] = /_Custom ID_: replace `([^`]+)`.*?`([^`]+)`/.exec(text)!;
	return { rows: rows.trim(), prompt, initial, customId };
}
