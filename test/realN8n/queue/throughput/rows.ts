import { serveOnLoopback, type LoopbackServer } from '../../../support/loopback';

/** As long as a product review or a support ticket usually is, so that requests weigh the same. */
const TEXT =
	'A short text of the length that a product review or a support ticket usually has, so that requests weigh what they weigh in practice: two lines or so.';

/** A source of rows on loopback: `/100` returns a hundred of them, as one JSON array. */
export const serveRows = async (): Promise<LoopbackServer> =>
	await serveOnLoopback((request, response) => {
		const count = Number(request.url!.slice(1));
		const rows = Array.from({ length: count }, (_, index) => ({
			id: `row-${index}`,
			text: `${TEXT} ${index}`,
			job: 'throughput',
		}));
		response.setHeader('content-type', 'application/json').end(JSON.stringify(rows));
	});
