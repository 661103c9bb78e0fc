/** Draws a table in Markdown, which is readable as text too. The first row has the titles. */
export function toTable(rows: string[][]): string {
	const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
	const isText = rows[0].map((_, column) =>
		rows.slice(1).some((row) => /^[^\d-]/.test(row[column])),
	);
	const line = (row: string[]) =>
		`| ${row.map((cell, at) => (isText[at] ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join(' | ')} |`;
	const rule = widths.map((width, at) =>
		isText[at] ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
	);
	return [line(rows[0]), line(rule), ...rows.slice(1).map(line)].join('\n');
}
