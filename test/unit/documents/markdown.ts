import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

export const ROOT = resolve(__dirname, '..', '..', '..');

/** A part of a page: from its heading to the next one of the same or a higher level. */
export interface Section {
	level: number;
	heading: string;
	/** What GitHub makes of the heading for links, without the `#`. */
	anchor: string;
	text: string;
}

/** A table: the cells of its heading, and of each row. */
export interface Table {
	heading: string[];
	rows: string[][];
}

const FENCE = /^ *```[^]*?^ *```$/gm;
const HEADING = /^(#{1,6}) +(.+?) *$/gm;
const CELL = /(?<!\\)\|/;

/** The text of a file of the repository, with blocks of code left out. */
export function readPage(path: string): string {
	return readFileSync(resolve(ROOT, path), 'utf8').replace(FENCE, '');
}

export const withoutCode = (text: string) => text.replace(/`[^`\n]*`/g, '');

/**
 * The anchor that GitHub gives to a heading, without the number of a repeated one: lower case,
 * without marks, with a dash for each space.
 * https://github.com/gjtorikian/html-pipeline/blob/v2.14.3/lib/html/pipeline/toc_filter.rb
 */
export function anchorOf(heading: string): string {
	return heading
		.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
		.replace(/\*\*([^*]+)\*\*|\b_([^_]+)_\b/g, '$1$2')
		.trim()
		.toLowerCase()
		.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
		.replaceAll(' ', '-');
}

/** All sections of a page, in their order; those below a section are also part of its text. */
export function sectionsOf(page: string): Section[] {
	const seen = new Map<string, number>();
	const headings = [...page.matchAll(HEADING)].map((match) => {
		const anchor = anchorOf(match[2]);
		const times = seen.get(anchor) ?? 0;
		seen.set(anchor, times + 1);
		return {
			level: match[1].length,
			heading: match[2],
			anchor: times === 0 ? anchor : `${anchor}-${times}`,
			start: match.index + match[0].length,
			before: match.index,
		};
	});
	return headings.map(({ start, before: _, ...section }, index) => {
		const next = headings.slice(index + 1).find(({ level }) => level <= section.level);
		return { ...section, text: page.slice(start, next?.before) };
	});
}

/** The addresses of all links and pictures of a page. */
export function linksOf(page: string): string[] {
	const text = withoutCode(page);
	const marked = [...text.matchAll(/\]\(([^()\s]+)\)/g)];
	const tags = [...text.matchAll(/(?:src|href)="([^"]+)"/g)];
	return [...marked, ...tags].map(([, address]) => address);
}

/** All tables of a text. */
export function tablesOf(text: string): Table[] {
	return [...text.matchAll(/(?:^\|.*\|$\n?)+/gm)].map(([table]) => {
		const [heading, , ...rows] = table
			.trim()
			.split('\n')
			.map((line) =>
				line
					.split(CELL)
					.slice(1, -1)
					.map((cell) => cell.trim()),
			);
		return { heading, rows };
	});
}
