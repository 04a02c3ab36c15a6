"""Settings: names nobody knows are refused, options win over the environment."""

import pytest

from scribe.core.config import load_settings, setting_names
from scribe.domain.errors import OptionError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)


def test_the_environment_reaches_into_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_TRANSCRIPTION__BEAM_SIZE", "3")
    assert load_settings().transcription.beam_size == 3


def test_an_override_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_DEVICE", "cuda")
    assert load_settings(device="cpu").device == "cpu"


def test_an_override_of_none_leaves_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_TRANSCRIPTION__MODEL", "whisper-tiny.en")
    assert load_settings(transcription__model=None).transcription.model == "whisper-tiny.en"


def test_a_misspelt_name_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_TRANSCRIPTION__BEEM_SIZE", "3")
    with pytest.raises(OptionError, match="SCRIBE_TRANSCRIPTION__BEEM_SIZE"):
        load_settings()


def test_a_value_out_of_range_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_TRANSCRIPTION__BEAM_SIZE", "0")
    with pytest.raises(OptionError, match="beam_size"):
        load_settings()


def test_an_override_is_validated_too() -> None:
    with pytest.raises(OptionError, match="device"):
        load_settings(device="abacus")
