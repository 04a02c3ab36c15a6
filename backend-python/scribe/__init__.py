"""Smart Meeting Scribe: who said what, when, entirely on your own machine.

Floors, top first: ``cli`` -> ``services`` -> ``pipeline | engines | adapters`` -> ``core`` -> ``domain``.
Each floor imports only from floors below it; import-linter keeps it (``pyproject.toml``).
"""

__version__ = "0.1.0"
