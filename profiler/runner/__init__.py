"""The harness: keepers, sandboxes, tasks, progress. Starts the sandbox, and never imports it."""
