import { CHAT } from './chatVariants';
import { RESPONSES } from './responsesVariants';
import { RESULT_LINES } from './lineVariants';
import type { Variant } from './variant';

export type { OrdinaryLine, Variant } from './variant';

const ALL = { ...CHAT, ...RESPONSES, ...RESULT_LINES };

export type VariantName = keyof typeof ALL;

/**
 * Rarer answers by name: a test or a marker in the data asks for them. To add one, write its entry
 * in the file of its endpoint, or of the result lines.
 */
export const VARIANTS: Readonly<Record<VariantName, Variant>> = ALL;
