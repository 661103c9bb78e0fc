import type { RecordedRequest } from '../../support/emulator';
import type { WireBatch } from '../../support/emulator/batches/batch';
import { givenUp } from './givenUp';
import { senderOf } from '../start';
import { exists, FINISHED, type World } from '../world';

/** The metadata pair by which the stories know their submissions. */
export const STORY = 'story';

export interface Limits {
	maxEnqueuedTokens: number;
	ignoreOtherBatches: boolean;
}

/** The operations that create only what fits. */
const CAREFUL = ['submit', 'submitWaiting'];

/** A token of others is four bytes. */
const BYTES_PER_TOKEN = 4;

/** What a batch takes of the queue of its model, by the server's own view. */
interface Share {
	tokens: number;
	model: string;
}

/** What a batch says of itself; undefined for one of somebody else. */
function shareOf({ metadata }: WireBatch): Share | undefined {
	const found = /^(\d+) (.+)$/.exec(metadata?.submission_tokens ?? '');
	return found ? { tokens: Number(found[1]), model: found[2] } : undefined;
}

/**
 * Watches each create of a submission that has Max Enqueued Tokens, at the moment of its effect.
 *
 * An execution counts what the list showed when it began, and what it creates itself. So the
 * estimate of all unfinished batches stays within the limit, or the batch is alone in the queue of
 * its model, as long as executions do not overlap and the list lags no longer than the time between
 * them. What an overlapping execution creates meanwhile, or what the list hides yet, no client can
 * count, as the API has no lock: with two at once each keeps the limit by itself, so that together
 * they stay within twice the limit, and a part that both have created counts until one of them has
 * given it up. The check is the same in both cases: a new batch must fit beside those that were
 * created by its own execution, or longer before its beginning than the list lags.
 */
export class Room {
	/** The limits of the submissions of the story by their names. */
	readonly limits = new Map<string, Limits>();
	private readonly creators = new Map<string, { number?: number; at: number }>();

	constructor(private readonly world: World) {
		const { ledger } = world.emulator;
		const { onCreated } = ledger;
		ledger.onCreated = (batch, request) => {
			onCreated(batch, request);
			this.check(batch, request);
		};
	}

	private check(batch: WireBatch, request: RecordedRequest): void {
		const { world } = this;
		const number = senderOf(request);
		this.creators.set(batch.id, { number, at: request.at });
		const { act, begun } = world.executions[number!];
		const limits = this.limitsOf(act.parameters.options, batch);
		if (!CAREFUL.includes(act.operation) || limits === undefined) return;
		world.count('creates within a limit');
		this.checkNotStopped(batch, act.operation);
		const own = shareOf(batch);
		if (own === undefined) {
			world.broken('a batch says what it takes of the queue', batch.metadata);
			return;
		}
		const running = world.emulator.ledger.batches.filter(({ id, status }) => {
			if (id === batch.id || FINISHED.includes(status)) return false;
			const { number: creator, at } = this.creators.get(id)!;
			return creator === number || at + world.lag < begun;
		});
		const shares = running.flatMap((one) => this.seenAs(one, limits) ?? []);
		const same = shares.filter(({ model }) => model === own.model);
		const used = same.reduce((sum, { tokens }) => sum + tokens, 0);
		if (same.length === 0) world.count('creates in an empty queue');
		if (same.length === 0 || used + own.tokens <= limits.maxEnqueuedTokens) return;
		world.broken('the estimate stays within the limit', {
			operation: act.operation,
			batch: [batch.id, batch.metadata],
			limits,
			used,
			running: running.map(({ id, status, metadata }) => [id, status, metadata]),
		});
	}

	/** What somebody has stopped does not wait any more, unless it was submitted again since. */
	private checkNotStopped({ id, metadata }: WireBatch, operation: string): void {
		const { world } = this;
		const { submission_key: key, [STORY]: name } = metadata!;
		const newest = world.emulator.ledger.batches.findLast(
			(other) => other.id !== id && other.metadata?.submission_key === key,
		);
		if (operation !== 'submitWaiting' || newest?.status !== 'cancelled') return;
		const isAsked = world.executions.some(
			({ act, begun }) => act.name === name && begun / 1000 >= newest.created_at,
		);
		if (isAsked || givenUp(world).has(newest.id)) return;
		world.broken('what was stopped is not submitted again', { id, stopped: newest.id, key });
	}

	/** The limits under which an execution creates a batch. */
	private limitsOf(options: unknown, { metadata }: WireBatch): Limits | undefined {
		const given = (options ?? {}) as Partial<Limits>;
		const { maxEnqueuedTokens, ignoreOtherBatches = false } = given;
		if (maxEnqueuedTokens !== undefined) return { maxEnqueuedTokens, ignoreOtherBatches };
		return this.limits.get(metadata?.[STORY] ?? '');
	}

	/** How a batch has to be counted; undefined where it does not have to. */
	private seenAs(batch: WireBatch, { ignoreOtherBatches }: Limits): Share | undefined {
		const own = shareOf(batch);
		if (own !== undefined || ignoreOtherBatches) return own;
		const { input_file_id: fileId } = batch;
		if (!exists(this.world, fileId) || !this.world.server.has('GET /files/:id')) return undefined;
		const file = this.world.emulator.file(fileId);
		const [line] = file.text().split('\n');
		const { model } = (JSON.parse(line) as { body: { model: string } }).body;
		return { model, tokens: Math.ceil(file.object.bytes! / BYTES_PER_TOKEN) };
	}
}
