export { createEngine, type Engine, type EngineOptions, type NodeRunOptions } from './engine';
export { closeHarness, userFolder } from './environment';
export type { CredentialData } from './credentialsHelper';
export type { CredentialTestResult } from './credentialTest';
export type { Poller, PollOptions, PollOutcome, PollerOptions } from './poll';
export type { RunningExecution, RunOptions, RunRequest, RunResult } from './run';
export type { HarnessNode } from './workflow';
