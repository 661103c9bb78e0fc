// Loaded into child processes: however the process that started one ended, nothing is left behind.
process.once('disconnect', () => process.exit());
