import {
	isReplay,
	REMEMBERED,
	withDelivery,
} from '../../../nodes/OpenAiBatchWebhookTrigger/replays';

describe('the deliveries taken', () => {
	const ids = Array.from({ length: REMEMBERED + 10 }, (_, index) => `wh_${index}`);
	const taken = ids.reduce<string[] | undefined>(withDelivery, undefined)!;

	it('are known again, the latest of them', () => {
		expect(ids.slice(10).every((id) => isReplay(taken, id))).toBe(true);
		expect(ids.slice(0, 10).some((id) => isReplay(taken, id))).toBe(false);
		expect(isReplay(taken, 'wh_new')).toBe(false);
		expect(isReplay(undefined, 'wh_1')).toBe(false);
	});

	it('take little room, however long the ids are', () => {
		expect(JSON.stringify(withDelivery(taken, 'x'.repeat(10_000))).length).toBeLessThan(20_000);
	});
});
