"""Accuracy and speed against the peers, on real recordings with references: ``make bench``. See ``docs/benchmarks.md``.

Owns the measuring; never part of the product. ``words.py`` and ``turns.py`` need only jiwer and scipy, so that the
accuracy gate of ``make test`` can use them; the full table wants the ``bench`` dependency group.
"""
