"""Minutes become PDF and Word files, in a child process with limits.

Owns how the child is started and what its end means; ``pdf.py`` and ``word.py`` own the layout. Never reads or writes a
file of ours. Blocks until the child is done: call it in a thread.

Usage::

    content = typeset_minutes("pdf", minutes)
"""

import json
import os
import subprocess
import sys
from typing import Literal

from scribe.core.logging import get_logger
from scribe.domain.errors import InternalError, ResourceError
from scribe.domain.exports.minutes import Minutes

Kind = Literal["pdf", "docx"]
TIMEOUT_S = 300.0
"""Four hours of talk take 7 s of CPU; on two cores with ten times as much to do that was 40 to 90 s."""
MAX_TALK_BYTES = 2000
"""Of what the child says when it fails: its end names the error."""


def typeset_minutes(kind: Kind, minutes: Minutes) -> bytes:
    """Raises: ResourceError when it takes too much time or memory, InternalError when it cannot be done."""
    command = [sys.executable, "-m", "scribe.adapters.typesetting.child", kind, str(os.getpid())]
    given = json.dumps(minutes.to_values(), ensure_ascii=False).encode()
    try:
        child = subprocess.run(command, input=given, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise ResourceError("Laying out this document took too long: ask again when less is going on.") from error
    except OSError as error:
        raise ResourceError(f"The document cannot be laid out just now: {error.strerror}.") from error
    if child.returncode == 0 and child.stdout:
        return child.stdout
    if child.returncode < 0 or b"MemoryError" in child.stderr or b"memory allocation" in child.stderr:
        raise ResourceError("Laying out this document took more memory or time than it may.")
    raise InternalError(f"The document could not be laid out ({_error_name(child.stderr)}).")


def _error_name(talk: bytes) -> str:
    """The kind of the last error only: its message may hold what somebody said."""
    lines = [line for line in talk[-MAX_TALK_BYTES:].decode(errors="replace").splitlines() if line.strip()]
    name = (lines[-1] if lines else "no reason given").split(":")[0].rpartition(".")[2]
    get_logger().error("export.failed", error=name)
    return name
