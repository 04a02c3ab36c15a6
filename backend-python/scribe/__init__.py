"""Smart Meeting Scribe: who said what, when, entirely on your own machine.

Floors, top first: ``cli`` -> ``services`` -> ``pipeline | engines | adapters`` -> ``core`` -> ``domain``.
Each floor imports only from floors below it; import-linter keeps it (``pyproject.toml``).
"""

import os

__version__ = "0.1.0"

# ONNX Runtime 1.29 and newer tell their maker about every process that loads a model, unless they are told not to
# before they are loaded. The air-gap proof (`python -m airgap`) saw 1.32 ask for mobile.events.data.microsoft.com; no
# test that only cut the network had. Here, because every process of the product comes by here; children inherit it.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
