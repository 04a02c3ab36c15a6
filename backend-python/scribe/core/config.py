"""Every setting of the product, in one class.

Owns names, defaults and documentation of settings; never reads one at import. The environment carries them with the
prefix ``SCRIBE_`` and ``__`` between a group and its field (``SCRIBE_TRANSCRIPTION__BEAM_SIZE=5``); a name nobody
knows is refused, so that a typing error is not a silent default.

Usage::

    settings = load_settings()
    settings.transcription.model
"""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from scribe.domain.errors import OptionError
from scribe.domain.voices import MARGIN, MIN_SPEECH_S

Device = Literal["auto", "cpu", "cuda"]
ENV_PREFIX = "SCRIBE_"


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AudioLimits(Group):
    max_duration_h: float = Field(default=12.0, gt=0, le=37)
    """Longer recordings are refused: a few kilobytes can claim to be days of silence."""
    max_memory_mb: int = Field(default=1024, gt=0)
    """What the decoding child may take beyond the bare interpreter, in MB (2^20 bytes)."""
    stall_timeout_s: float = Field(default=120.0, gt=0)
    """A decoding child that reports nothing for so long is ended."""


class DiarizationSettings(Group):
    engine: Literal["onnx", "pyannote", "fake"] = "onnx"
    """``onnx``: ours, no torch. ``pyannote``: the original pipelines (extra ``[pyannote]``). ``fake``: no model."""
    pyannote_pipeline: str = "pyannote-3.1"
    """Catalogue name of what ``engine=pyannote`` runs; ``pyannote-community-1`` needs a hub token to pull."""


class TranscriptionSettings(Group):
    engine: Literal["whisper", "fake"] = "whisper"
    model: str = "whisper-base"
    """Catalogue name; see ``scribe models list``."""
    compute_type: str = "auto"
    """CTranslate2's: ``auto`` is int8 on a CPU and float16 on a card."""
    beam_size: int = Field(default=5, ge=1, le=20)
    batch_size: int = Field(default=4, ge=1, le=64)


class IdentificationSettings(Group):
    threshold: float | None = Field(default=None, ge=-1, le=1)
    """Score from which a name may be given; ``None``: what was measured for the voiceprint model."""
    margin: float = Field(default=MARGIN, ge=0, le=2)
    """How far the runner-up must be behind."""
    min_speech_s: float = Field(default=MIN_SPEECH_S, ge=0)
    """Clean speech a speaker must have before a name may be given."""


class Settings(BaseSettings):
    """All settings with their defaults."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    models_dir: Path | None = None
    """Where models are installed; default: the user's data directory."""
    device: Device = "auto"
    """Where models run; ``auto`` takes the card when there is one."""
    threads: int = Field(default=0, ge=0)
    """CPU threads of a model; 0: the machine's cores, at most 4."""
    residency: Literal["single", "keep"] = "single"
    """``single``: one model in memory at a time. ``keep``: models stay loaded between recordings."""
    language: Literal["auto", "fr", "en"] = "auto"
    """Of headings and notes in what people read; ``auto``: that of the meeting."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    audio: AudioLimits = AudioLimits()
    diarization: DiarizationSettings = DiarizationSettings()
    transcription: TranscriptionSettings = TranscriptionSettings()
    identification: IdentificationSettings = IdentificationSettings()


def load_settings(**overrides: object) -> Settings:
    """Defaults, then the environment, then ``overrides`` (``None`` values are left out).

    Raises: OptionError naming every setting that is unknown or out of range.
    """
    unknown = sorted(name for name in os.environ if name.startswith(ENV_PREFIX) and not _is_known(name))
    if unknown:
        raise OptionError(f"Unknown setting {', '.join(unknown)}: see docs/configuration.md for the names.")
    try:
        settings = Settings()
        return _with_overrides(settings, {name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise OptionError(f"A setting is wrong: {wrong}.") from error


def setting_names() -> tuple[str, ...]:
    """Every environment variable that is understood."""
    names = []
    for name, field in Settings.model_fields.items():
        group = field.annotation
        if isinstance(group, type) and issubclass(group, Group):
            names += [f"{ENV_PREFIX}{name}__{inner}".upper() for inner in group.model_fields]
        else:
            names.append(f"{ENV_PREFIX}{name}".upper())
    return tuple(names)


NOT_SETTINGS = frozenset({"SCRIBE_TEST_AUDIO"})
"""Names with our prefix that only the tests and benchmarks read."""


def _is_known(name: str) -> bool:
    return name in NOT_SETTINGS or name.upper() in setting_names()


def _with_overrides(settings: Settings, overrides: dict[str, object]) -> Settings:
    """``transcription__model="x"`` reaches into a group, as in the environment."""
    values = settings.model_dump()
    for name, value in overrides.items():
        group, _, field = name.partition("__")
        if field:
            values[group][field] = value
        else:
            values[group] = value
    return Settings.model_validate(values)
