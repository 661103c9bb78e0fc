import { createRequire } from 'node:module';

const require = createRequire(__filename);

/** With its whole name, since tsx would take `*.node.json`, which lies beside it, for `*.node`. */
const load = <T>(name: string): T => require(`../../../nodes/${name}/${name}.node.ts`) as T;

type Action = typeof import('../../../nodes/OpenAiBatch/OpenAiBatch.node');
type Trigger = typeof import('../../../nodes/OpenAiBatchTrigger/OpenAiBatchTrigger.node');
type WebhookTrigger =
	typeof import('../../../nodes/OpenAiBatchWebhookTrigger/OpenAiBatchWebhookTrigger.node');

export const { OpenAiBatch } = load<Action>('OpenAiBatch');
export const { OpenAiBatchTrigger } = load<Trigger>('OpenAiBatchTrigger');
export const { OpenAiBatchWebhookTrigger } = load<WebhookTrigger>('OpenAiBatchWebhookTrigger');
