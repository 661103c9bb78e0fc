import type { INodeExecutionData } from 'n8n-workflow';
import {
	BAIL,
	compileExpression,
} from '../../../../nodes/OpenAiBatch/parameters/compileExpression';

const json = {
	title: 'Alien',
	year: 1979,
	zero: 0,
	good: true,
	bad: false,
	empty: '',
	nothing: null,
	tags: ['horror', null, 'space'],
	crew: { 'first name': 'Ridley', films: [{ title: 'Heat' }] },
	a: { b: { c: [{ d: 'deep' }] } },
	'Price (USD)': 5,
	"it's": 'quoted',
	released: new Date(0),
	holes: { list: [undefined] },
	__type: { __type: 1 },
};
const item = { json } as unknown as INodeExecutionData;

const evaluate = (raw: string) => compileExpression(raw)?.(item, 7);

describe('compileExpression', () => {
	it.each([
		['a constant', 'plain {{ $json.title }}', 'plain {{ $json.title }}'],
		['an expression without code', '=just text', 'just text'],
		['an empty expression', '=', ''],
		['a path', '={{ $json.title }}', 'Alien'],
		['a path without spaces', '={{$json.title}}', 'Alien'],
		['a path between line ends', '={{\n\t$json.title\n}}', 'Alien'],
		['a number', '={{ $json.year }}', 1979],
		['zero', '={{ $json.zero }}', 0],
		['false', '={{ $json.bad }}', false],
		['null', '={{ $json.nothing }}', null],
		['an empty string', '={{ $json.empty }}', ''],
		['names in brackets', '={{ $json["crew"][\'first name\'] }}', 'Ridley'],
		['quotes in names', '={{ $json["it\'s"] }}', 'quoted'],
		['parentheses in names', '={{ $json["Price (USD)"] }}', 5],
		['list elements', '={{ $json.crew.films[0].title }}', 'Heat'],
		['a deep path', '={{ $json.a["b"].c[0].d }}', 'deep'],
		['optional steps', '={{ $json?.a?.b?.["c"]?.[0].d }}', 'deep'],
		['a missing name', '={{ $json.missing }}', undefined],
		['a missing element', '={{ $json.tags[3] }}', undefined],
		['a name below nothing', '={{ $json.nothing.more }}', undefined],
		['an optional name below nothing', '={{ $json.missing?.more.still }}', undefined],
		['the item index', '={{ $itemIndex }}', 7],
		['a number in the code', '={{ 12 }}', 12],
		['a string in the code', '={{ "a {{ b" }}', 'a {{ b'],
		['text around code', '=Film: {{ $json.title }} ({{ $json.year }})', 'Film: Alien (1979)'],
		['space before code makes text', '= {{ $json.year }}', ' 1979'],
		['a line end after code makes text', '={{ $json.year }}\n', '1979\n'],
		['code after code makes text', '={{ $json.year }}{{ $itemIndex }}', '19797'],
		[
			'booleans and zero in text',
			'=a{{ $json.good }}{{ $json.bad }}{{ $json.zero }}',
			'atruefalse0',
		],
		['nothing in text', '=a{{ $json.nothing }}{{ $json.missing }}{{ $json.empty }}', 'a'],
		[
			'lists and objects in text',
			'=a {{ $json.tags }} {{ $json.a }}',
			'a horror,,space [object Object]',
		],
		['closing braces in text', '=a }} b {{ $json.year }} }}', 'a }} b 1979 }}'],
		['quotes in text', '="{{ $json.title }}"', '"Alien"'],
	])('evaluates %s', (_name, raw, expected) => {
		expect(compileExpression(raw)).toBeDefined();
		expect(evaluate(raw)).toEqual(expected);
	});

	it('returns objects of the item without copying them', () => {
		expect(evaluate('={{ $json.crew }}')).toBe(json.crew);
	});

	it.each([
		['a method', '={{ $json.title.toUpperCase() }}'],
		['an operator', '={{ $json.year + 1 }}'],
		['a default', '={{ $json.title || "none" }}'],
		['another variable', '={{ $input.item.json.title }}'],
		['another node', '={{ $("Films").item.json.title }}'],
		['a variable inside brackets', '={{ $json[$json.title] }}'],
		['an escaped quote', '={{ $json["a\\"b"] }}'],
		['an escaped brace', '=\\{{ $json.title }}'],
		['closing braces inside quotes', '={{ $json["}}"] }}'],
		['a line end inside quotes', '={{ $json["a\nb"] }}'],
		['code that does not end', '=a {{ $json.title'],
		['code that does not end after code that does', '={{ $json.year }} {{ $json.title'],
		['no code', '={{ }}'],
		['two values', '={{ $json.title $json.year }}'],
		['a comment', '={{ $json.title /* here */ }}'],
		['a longer name', '={{ $jsonp.title }}'],
		['the prototype', '={{ $json.__proto__ }}'],
		['the constructor', '={{ $json["constructor"] }}'],
		['the constructor in the text', '=a . constructor {{ $json.year }}'],
		['an inherited method', '={{ $json.hasOwnProperty }}'],
		['a name that the sandbox refuses', '={{ $json.caller }}'],
		['an index that is not a JavaScript number', '={{ $json.tags[00] }}'],
		['what looks like a call inside quotes', '={{ $json.a["b.first(c)"] }}'],
		['a name with letters beyond ASCII', '={{ $json.größe }}'],
	])('leaves %s to n8n', (_name, raw) => {
		expect(compileExpression(raw)).toBeUndefined();
	});

	it.each([
		['a property of a string', '={{ $json.title.length }}'],
		['a character of a string', '={{ $json.title[0] }}'],
		['a property of a list', '={{ $json.tags.length }}'],
		['a date', '={{ $json.released }}'],
		['a date in text', '=on {{ $json.released }}'],
		['a property of a date', '={{ $json.released.year }}'],
		['a list with holes', '={{ $json.holes }}'],
		['names that mark copies of values', '={{ $json.__type }}'],
		['the whole item when it contains such values', '={{ $json }}'],
	])('leaves the item to n8n for %s', (_name, raw) => {
		expect(evaluate(raw)).toBe(BAIL);
	});
});
