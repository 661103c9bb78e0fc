/** The oldest pair that the nodes are tested with: that of n8n 1.123.5, the last n8n 1. */
export const OLDER_CORE = '1.122.1';
export const OLDER_WORKFLOW = '1.120.0';
