"""The doctor says what is missing and how to get it."""

from pathlib import Path

import pytest

from scribe.cli.doctor import examine


def test_a_missing_model_comes_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCRIBE_TRANSCRIPTION__MODEL", raising=False)
    findings = {finding.subject: finding for finding in examine(tmp_path)}
    assert findings["whisper-base"].verdict == "bad"
    assert findings["whisper-base"].remedy == "scribe models pull whisper-base"
    assert findings["segmentation-3.0"].verdict == "good"


def test_an_unknown_setting_is_found_and_the_rest_is_still_examined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_MODLES_DIR", "/x")
    findings = {finding.subject: finding for finding in examine()}
    assert findings["settings"].verdict == "bad"
    assert "SCRIBE_MODLES_DIR" in findings["settings"].detail
    assert findings["machine"].detail


def test_every_library_is_looked_at() -> None:
    findings = {finding.subject: finding.verdict for finding in examine()}
    assert {findings[name] for name in ("onnxruntime", "ctranslate2", "av")} == {"good"}
