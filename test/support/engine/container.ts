import './environment';
import { createRequire } from 'node:module';
import type { Container as ContainerType } from '@n8n/di';

/**
 * The service container of n8n-core itself: npm may install several copies of `@n8n/di`, and a
 * service is only found in the one it was registered with.
 */
const { Container } = createRequire(require.resolve('n8n-core'))('@n8n/di') as {
	Container: typeof ContainerType;
};

export { Container };
