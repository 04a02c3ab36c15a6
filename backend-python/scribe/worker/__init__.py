"""The worker: waits for a wake-up, claims a meeting, has a child process it, publishes the result."""
