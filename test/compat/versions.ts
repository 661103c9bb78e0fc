/** The oldest pair that the nodes are tested with: the last minor version of n8n 1. */
export const OLDER_CORE = '1.122.1';
export const OLDER_WORKFLOW = '1.120.0';
