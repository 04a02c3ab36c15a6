"""The child that lays out pages: its limits, and what is said when it ends badly."""

import subprocess
import sys
from typing import Any

import pytest

from scribe.adapters import typesetting
from scribe.adapters.typesetting import typeset_minutes
from scribe.domain.errors import InternalError, ResourceError
from scribe.domain.exports.minutes import minutes_of
from tests.domain.exports.meeting import french_meeting

MINUTES = minutes_of(french_meeting()[0], "fr")
SECRET = "What Claire said"


def ending(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child runs ``code`` instead."""
    real = subprocess.run

    def run(_command: list[str], **named: Any) -> subprocess.CompletedProcess[bytes]:
        return real([sys.executable, "-c", code], **named)

    monkeypatch.setattr(typesetting.subprocess, "run", run)


def test_both_kinds_come_out_of_the_child() -> None:
    assert typeset_minutes("pdf", MINUTES).startswith(b"%PDF-1.7")
    assert typeset_minutes("docx", MINUTES).startswith(b"PK")


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "TIMEOUT_S", 0.2)
    ending("import time; time.sleep(60)", monkeypatch)
    with pytest.raises(ResourceError, match="took too long"):
        typeset_minutes("pdf", MINUTES)


@pytest.mark.parametrize("code", ["import os; os.kill(os.getpid(), 9)", "raise MemoryError"])
def test_a_child_that_is_killed_or_out_of_memory_is_a_lack_of_resources(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending(code, monkeypatch)
    with pytest.raises(ResourceError, match="more memory or time"):
        typeset_minutes("pdf", MINUTES)


def test_an_error_is_named_without_what_was_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ending(f"raise ValueError('{SECRET}')", monkeypatch)
    with pytest.raises(InternalError) as caught:
        typeset_minutes("pdf", MINUTES)
    assert "ValueError" in str(caught.value)
    assert SECRET not in str(caught.value) + "".join(capsys.readouterr())


def test_the_api_loads_no_layout_library() -> None:
    """They are loaded by the child: `import scribe.main` stays light."""
    code = "import sys, scribe.main; sys.exit(any(name in sys.modules for name in ('typst', 'docx', 'lxml')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
