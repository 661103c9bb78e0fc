import {
	isReplay,
	MAX_REMEMBERED,
	withDelivery,
} from '../../../nodes/OpenAiBatchWebhookTrigger/receive';

describe('the remembered deliveries', () => {
	const ids = Array.from({ length: MAX_REMEMBERED + 10 }, (_, index) => `wh_${index}`);
	const received = ids.reduce<string[] | undefined>(withDelivery, undefined)!;

	it('are recognized again, except the oldest', () => {
		expect(ids.slice(10).every((id) => isReplay(received, id))).toBe(true);
		expect(ids.slice(0, 10).some((id) => isReplay(received, id))).toBe(false);
		expect(isReplay(received, 'wh_new')).toBe(false);
		expect(isReplay(undefined, 'wh_1')).toBe(false);
	});

	it('take little room, however long the ids are', () => {
		expect(JSON.stringify(withDelivery(received, 'x'.repeat(10_000))).length).toBeLessThan(20_000);
	});
});
