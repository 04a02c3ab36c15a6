"""What a disk refuses, as sentences.

Owns the wording for a full disk, a used-up quota and a folder that may not be written; other errors pass.

Usage::

    with disk_errors():
        path.write_bytes(data)
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from scribe.domain.errors import ResourceError


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raises: ResourceError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResourceError("The disk is full: free some space, then run the same command again.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise ResourceError(f"{error.filename} cannot be written: choose another place.") from error
        raise
