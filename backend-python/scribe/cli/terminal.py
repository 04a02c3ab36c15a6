"""What the terminal is: its language, and how this very command is typed in it."""

import os
import shutil
import sys
from pathlib import Path

from scribe.domain.typography import ReadingLanguage


def language_of_the_terminal() -> ReadingLanguage:
    """French where the environment says so (POSIX: ``LC_ALL`` before ``LC_MESSAGES`` before ``LANG``), else English."""
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if spoken.startswith("fr") else "en"


def this_command() -> str:
    """``scribe`` where the shell finds it, else the shortest path to it."""
    ours = Path(sys.executable).parent / "scribe"
    found = shutil.which("scribe")
    if found is not None and Path(found).absolute() == ours:
        return "scribe"
    try:
        return str(ours.relative_to(Path.cwd()))
    except ValueError:
        return str(ours)
