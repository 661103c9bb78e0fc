import { alibaba } from './alibaba';
import { azure } from './azure';
import { azureIso } from './azureIso';
import { bella } from './bella';
import { deepinfra } from './deepinfra';
import type { Dialect } from './dialect';
import { doubleword } from './doubleword';
import { gemini } from './gemini';
import { groq } from './groq';
import { litellm } from './litellm';
import { litellmBedrock } from './litellmBedrock';
import { litellmVertex } from './litellmVertex';
import { maritaca } from './maritaca';
import { nebius } from './nebius';
import { novita } from './novita';
import { openai } from './openai';
import { siliconflow } from './siliconflow';
import { vllm } from './vllm';
import { zhipu } from './zhipu';

export type { Dialect } from './dialect';

/** Every dialect by the name that chooses it. To add one: its file, and its line here. */
export const DIALECTS = {
	openai,
	alibaba,
	azure,
	'azure-iso': azureIso,
	bella,
	deepinfra,
	doubleword,
	gemini,
	groq,
	litellm,
	'litellm-bedrock': litellmBedrock,
	'litellm-vertex': litellmVertex,
	maritaca,
	nebius,
	novita,
	siliconflow,
	vllm,
	zhipu,
} satisfies Record<string, Dialect>;

export type DialectName = keyof typeof DIALECTS;
