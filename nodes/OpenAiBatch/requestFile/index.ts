import type { Operation } from '../shared/operation';
import { build } from './build.operation';
import { estimateCost } from './estimateCost.operation';
import { validate } from './validate/validate.operation';

/** The operations on request files, in the order of the panel. None of them calls the API. */
export const requestFileOperations: Operation[] = [build, estimateCost, validate];
