"""Use cases, called alike by the command line, the API and the worker."""
