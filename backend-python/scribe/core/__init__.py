"""Process plumbing that knows no use case: settings, logging, metering."""
