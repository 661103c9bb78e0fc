import '../../support/engine/environment';
import { BinaryDataService } from 'n8n-core';
import { Container } from '../../support/engine/container';

/** Where n8n keeps binary data from here on: `filesystem-v2`, or `default` for in the items. */
export function setBinaryMode(mode: 'filesystem-v2' | 'default'): void {
	(Container.get(BinaryDataService) as unknown as { mode: string }).mode = mode;
}
