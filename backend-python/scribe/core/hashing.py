"""The hash of a file: how models are checked and how results know what they were made from.

Usage::

    sha256_of(path)     # "e3b0c442..."
"""

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal. Reads it in pieces. Raises: FileNotFoundError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
