import './environment';
import { Container } from './container';
import { ExternalSecretsProxy } from 'n8n-core';
import { UnexpectedError, type IWorkflowExecuteAdditionalData } from 'n8n-workflow';
import type { HarnessCredentialsHelper } from './credentialsHelper';

const baseUrl = 'http://127.0.0.1:5678/';

/** What n8n gives every execution besides the workflow: its addresses, credentials and services. */
export function additionalData(
	credentialsHelper: HarnessCredentialsHelper,
	more: Partial<IWorkflowExecuteAdditionalData> = {},
): IWorkflowExecuteAdditionalData {
	const notAvailable = () => {
		throw new UnexpectedError('Not available in the engine harness');
	};
	return {
		currentNodeExecutionIndex: 0,
		credentialsHelper,
		executeWorkflow: notAvailable,
		getRunExecutionData: async () => undefined,
		getRuntimeCredential: async () => undefined,
		restApiUrl: `${baseUrl}rest`,
		instanceBaseUrl: baseUrl,
		formBaseUrl: `${baseUrl}form`,
		formWaitingBaseUrl: `${baseUrl}form-waiting`,
		formTestBaseUrl: `${baseUrl}form-test`,
		webhookBaseUrl: `${baseUrl}webhook`,
		webhookWaitingBaseUrl: `${baseUrl}webhook-waiting`,
		webhookTestBaseUrl: `${baseUrl}webhook-test`,
		mcpBaseUrl: `${baseUrl}mcp`,
		mcpTestBaseUrl: `${baseUrl}mcp-test`,
		variables: {},
		logAiEvent: () => {},
		startRunnerTask: notAvailable,
		externalSecretsProxy: Container.get(ExternalSecretsProxy),
		...more,
	};
}
