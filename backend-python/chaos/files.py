"""The storage as the stack uses it, looked at from outside: every key, and the product's own housekeeping."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from chaos.stack import Stack
from scribe.adapters.storage import Storage


class Files:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def keys(self) -> list[str]:
        """With hidden ones; relative to the storage's root."""
        if self._stack.seaweed is None:
            root = self._stack.files
            return [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        with lent(self._stack.seaweed.credentials):
            return Storage(self._stack.storage_url).keys("")

    def tidy(self) -> None:
        """What the API process does every so often, now."""


@contextmanager
def lent(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
