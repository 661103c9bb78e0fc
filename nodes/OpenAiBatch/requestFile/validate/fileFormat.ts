/** How many bytes `foreignFormat` needs to see. */
export const HEAD_BYTES = 4;

const UTF8_ADVICE = 'Save it as UTF-8.';

/** First bytes of what people upload by mistake; a JSONL file starts with `{` or a UTF-8 BOM. */
const MAGIC: ReadonlyArray<readonly [readonly number[], string]> = [
	[[0x1f, 0x8b], 'The file is compressed with gzip. Unpack it first.'],
	[
		[0x50, 0x4b, 0x03, 0x04],
		'The file is a ZIP archive or an Excel workbook. JSONL is plain text.',
	],
	[[0xff, 0xfe], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0xfe, 0xff], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0x7b, 0x00], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
	[[0x00, 0x7b], `The file is encoded in UTF-16. ${UTF8_ADVICE}`],
];

/** Why a file that starts with these bytes is no JSONL at all; undefined if it may be. */
export function foreignFormat(head: Uint8Array): string | undefined {
	return MAGIC.find(([magic]) => magic.every((byte, at) => head[at] === byte))?.[1];
}

/** What a line that does not parse was probably meant to be; '' when there is nothing to say. */
export function jsonHint(text: string): string {
	const line = text.trim();
	if (line === '[' || line === '{') {
		return ' The file looks like one JSON document; JSONL needs each request complete on one line, without a list around them.';
	}
	if (line.endsWith('},')) return ' There must be no comma between the lines.';
	if (/^\{.*\}\s*\{.*\}$/s.test(line)) return ' There must be a line break between two requests.';
	return '';
}
