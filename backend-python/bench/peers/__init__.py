"""The systems ours is measured against, each in a virtual environment of its own. See ``docs/benchmarks.md``.

Every script here takes WAV files (16 kHz, mono, 16-bit), writes JSON and runs under the peer's own interpreter: it may
import the peer and the standard library, never ``scribe``. Set up by ``python -m bench.peers.setup``.
"""
