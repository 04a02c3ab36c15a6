"""The air-gap pack: one archive that holds everything an installation needs.

``bootstrap.py`` (standard library only; travels in the pack as ``install.py``) and ``archive.py`` are what a machine
without a network runs; ``lock.py``, ``wheels.py``, ``licences.py``, ``web_packages.py`` and ``sbom.py`` gather and
describe what goes in. The order of things is in ``services/bundling.py``.
"""
