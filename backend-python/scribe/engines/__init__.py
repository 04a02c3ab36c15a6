"""Wrappers around models: load, infer, unload. They know no database, queue or storage.

A model library is imported inside ``load()`` only, so importing this package costs nothing.
"""
