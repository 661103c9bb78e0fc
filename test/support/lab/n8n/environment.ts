/** What n8n may see of this process's environment: nothing that configures an n8n. */
const PASSED_ON = [
	'HOME',
	'LANG',
	'PATH',
	'SYSTEMROOT',
	'SystemRoot',
	'TEMP',
	'TMP',
	'TMPDIR',
	'TZ',
	'NODE_EXTRA_CA_CERTS',
	'SSL_CERT_FILE',
	'HTTPS_PROXY',
	'HTTP_PROXY',
	'https_proxy',
	'http_proxy',
];

/**
 * How long n8n waits for its own database before it answers every call with "Database is not ready".
 * Its five seconds are too few on a busy machine.
 */
const PATIENT = {
	DB_PING_TIMEOUT_MS: '600000',
};

/** The calls that n8n makes home, and the panels that go with them. */
const QUIET = {
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_DISABLED_MODULES: 'mcp-registry',
	N8N_DYNAMIC_BANNERS_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_VERIFIED_PACKAGES_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
};

export interface Instance {
	userFolder: string;
	port: number;
	/** Where n8n's task runner (Code nodes) meets it. */
	brokerPort: number;
}

/**
 * The environment of a private n8n: its own folder and SQLite database, loopback only, no calls
 * home. `extra` comes last and may change anything.
 */
export function n8nEnvironment(
	{ userFolder, port, brokerPort }: Instance,
	extra: NodeJS.ProcessEnv = {},
	parent: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
	const passedOn = Object.fromEntries(
		PASSED_ON.filter((name) => parent[name] !== undefined).map((name) => [name, parent[name]]),
	);
	return {
		...passedOn,
		...QUIET,
		...PATIENT,
		NO_PROXY: ['127.0.0.1', 'localhost', parent.NO_PROXY ?? parent.no_proxy]
			.filter(Boolean)
			.join(','),
		N8N_USER_FOLDER: userFolder,
		N8N_PORT: String(port),
		N8N_LISTEN_ADDRESS: '127.0.0.1',
		N8N_EDITOR_BASE_URL: `http://127.0.0.1:${port}`,
		N8N_SECURE_COOKIE: 'false',
		N8N_RUNNERS_BROKER_PORT: String(brokerPort),
		N8N_PYTHON_ENABLED: 'false',
		N8N_GRACEFUL_SHUTDOWN_TIMEOUT: '10',
		...extra,
	};
}
