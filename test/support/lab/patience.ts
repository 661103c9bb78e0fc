/** Only guards against hanging: a test in a real n8n may take minutes on a busy machine. */
jest.setTimeout(30 * 60_000);
