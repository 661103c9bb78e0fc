import { files } from './proofs/files';
import { jobs } from './proofs/jobs';
import { killed } from './proofs/killed';
import { large } from './proofs/large';
import { mains } from './proofs/mains';
import { many } from './proofs/many';
import { parked } from './proofs/parked';
import { together } from './proofs/together';
import { triggers } from './proofs/triggers';
import { Stage } from './stage';

let stage: Stage;

beforeAll(async () => {
	stage = await Stage.open();
}, 600_000);
afterAll(async () => await stage?.close());

describe('the nodes in queue mode', () => jobs(() => stage));
describe('the triggers in queue mode', () => triggers(() => stage));
describe('many submissions in queue mode', () => many(() => stage));
describe('workers that do the same at once', () => together(() => stage));
describe('workers that die', () => killed(() => stage));
describe('a wait that parks in queue mode', () => parked(() => stage));
describe('main processes that come and go', () => mains(() => stage));
describe('files of rows in the database', () => files(() => stage));
describe('files as large as they may be', () => large(() => stage));
