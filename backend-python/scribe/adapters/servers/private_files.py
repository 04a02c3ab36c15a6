"""Small files that only their owner may read: passwords, addresses with passwords in them.

Owns writing them whole and closed from the first byte; never what is in them.
"""

import os
import secrets
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Readable by its owner alone, all or nothing, on disk when it returns."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_or_make_secret(path: Path) -> str:
    """What was made up on the first start."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        write_private(path, secrets.token_urlsafe(32))
        return path.read_text(encoding="utf-8").strip()
