"""Every setting of the product, in one class.

Owns names, defaults and documentation of settings; never reads one at import. The environment carries them with the
prefix ``SCRIBE_`` and ``__`` between a group and its field (``SCRIBE_TRANSCRIPTION__BEAM_SIZE=5``); a name nobody
knows is refused, so that a typing error is not a silent default. ``DATABASE_URL`` and ``REDIS_URL`` go by the names
that every platform gives them.

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
from scribe.domain.voices import AUTO_PROBABILITY, KNOWN_PRIOR, MIN_SPEECH_S, SUGGEST_PROBABILITY

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
    batch_size: int | None = Field(default=None, ge=1, le=64)
    """Windows decoded together; ``None``: 4 on a processor, 16 on a card."""
    fallback_model: str | None = None
    """Catalogue name of a smaller model that may be taken when the card's memory does not do; ``None``: none may."""


class IdentificationSettings(Group):
    auto_probability: float = Field(default=AUTO_PROBABILITY, gt=0, lt=1)
    """From which probability a name is written."""
    suggest_probability: float = Field(default=SUGGEST_PROBABILITY, gt=0, lt=1)
    """From which probability a name is offered."""
    known_prior: float = Field(default=KNOWN_PRIOR, gt=0, lt=1)
    """How likely a speaker is one of the people looked for, before the voice is heard."""
    threshold: float | None = Field(default=None, ge=-1, le=1)
    """Lowest score that may be named, however likely; ``None``: what was measured for the voiceprint model."""
    min_speech_s: float = Field(default=MIN_SPEECH_S, ge=0)
    """Clean speech a speaker must have before a name may be written; with less it may be offered."""
    may_repeat: bool = False
    """Whether one person may be named several times in a meeting."""


class VoicesSettings(Group):
    """The voice bank: biometric data, see docs/privacy.md."""

    require_consent: bool = True
    """Nobody is enrolled, learned or recognised without a recorded consent."""
    forget_names: Literal["keep", "pseudonymise"] = "keep"
    """What becomes of a forgotten person's name in old transcripts, unless the request says otherwise."""
    speaker_prints_days: float | None = Field(default=None, gt=0)
    """How long the voiceprints of a meeting's speakers are kept after it was processed; ``None``: as long as the
    meeting. Without them nobody can be named in it later."""
    max_clip_mb: int = Field(default=200, gt=0)
    """Largest clip to enrol somebody from, in MB (2^20 bytes)."""


class ApiSettings(Group):
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str | None = None
    """What users type, where a proxy stands before the API; ``https://`` makes cookies secure."""
    max_upload_mb: int = Field(default=4096, gt=0)
    """Largest recording, in MB (2^20 bytes)."""
    max_page: int = Field(default=200, ge=1, le=1000)
    logins_per_minute: int = Field(default=10, ge=1)
    """Attempts a minute, for one user name and for one address."""
    uploads_per_hour: int = Field(default=600, ge=1)
    """Per user."""
    upload_expiry_h: float = Field(default=48.0, gt=0)
    """A resumable upload nobody continues for so long is removed."""
    session_days: float = Field(default=14.0, gt=0)
    """A browser session nobody uses for so long ends."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses whose X-Forwarded headers are believed, separated by commas; ``*``: all."""
    events_kept_days: float = Field(default=7.0, gt=0)
    """How far back ``Last-Event-ID`` can reach."""
    drain_s: int = Field(default=10, ge=0)
    """How long requests under way may take after SIGTERM; event streams are ended at once."""
    web_dir: Path | None = None
    """The built web interface; default: the one that came with the package, or that ``make web`` built."""
    metrics_open: bool = False
    """Whether ``/metrics`` may be read by anybody who reaches the port; otherwise it takes an administrator's token."""


class QueueSettings(Group):
    lease_s: float = Field(default=15.0, ge=1)
    """A worker that gives no sign for so long has lost its meeting to the next one. Three heartbeats fit in it."""
    reap_every_s: float = Field(default=2.0, gt=0)
    """How often each process looks for what is due or abandoned."""
    poll_every_s: float = Field(default=5.0, gt=0)
    """How often an idle worker looks by itself, should Redis be away."""
    max_attempts: int = Field(default=5, ge=1, le=20)
    retry_delays_s: tuple[float, ...] = (5.0, 30.0, 120.0, 300.0)
    """Wait before the second, third ... attempt; the last one repeats."""
    stream: str = "scribe:work"
    """Name of the Redis stream; installations that share one Redis need different ones."""


class TelemetrySettings(Group):
    """OpenTelemetry traces; off as long as no collector is named."""

    otlp_endpoint: str | None = None
    """Address of a collector that speaks OTLP over HTTP, such as ``http://collector:4318``."""
    service_name: str = "smart-meeting-scribe"
    sample_ratio: float = Field(default=1.0, ge=0, le=1)
    """Share of the traces begun here that are recorded."""


class RetentionSettings(Group):
    """How long what was recorded is kept; a meeting can have its own times. Counted from its completion."""

    audio_days: float | None = Field(default=None, gt=0)
    """After so many days a meeting's recording is removed, and everything that sounds like it; its text stays."""
    results_days: float | None = Field(default=None, gt=0)
    """After so many days the meeting is deleted, with everything made from it."""
    sweep_every_s: float = Field(default=3600.0, gt=0)
    """How often it is looked for what is due."""


class AuditSettings(Group):
    """The audit log: who read, took away, changed or deleted what."""

    reads: bool = True
    """Whether reading a meeting is recorded, too; exports and deletions always are."""
    kept_days: float | None = Field(default=None, gt=0)
    """Older entries are removed, and the chain begins with the oldest that is left; ``None``: kept for good."""


class Settings(BaseSettings):
    """All settings with their defaults."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, populate_by_name=True
    )

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """PostgreSQL 18, ``postgresql://user:password@host:port/name``; ``None``: ``scribe up`` starts its own."""
    redis_url: str | None = Field(default=None, validation_alias="REDIS_URL")
    """Redis 7 or Valkey, ``redis://:password@host:port/0``; ``None``: ``scribe up`` starts its own."""
    storage_url: str | None = None
    """Recordings and results: a folder, or any fsspec URL such as ``s3://bucket/prefix``; ``None``: in the data
    directory. Credentials of S3 come from the usual AWS variables."""
    data_dir: Path | None = None
    """Where ``scribe up`` keeps its database, its queue and its files; default: the user's data directory, or
    ``/var/lib/smart-meeting-scribe`` for root."""
    scratch_dir: Path | None = None
    """Local working files of a worker: one WAV per running meeting; default: in the data directory."""
    workers: int = Field(default=1, ge=0, le=64)
    """Workers that ``scribe up`` starts; each processes one meeting at a time."""
    models_dir: Path | None = None
    """Where models are installed; default: the user's data directory."""
    device: Device = "auto"
    """Where models run; ``auto`` takes the card when there is one."""
    threads: int = Field(default=0, ge=0)
    """CPU threads of a model; 0: the machine's cores, at most 4."""
    residency: Literal["single", "keep"] = "single"
    """``single``: one model in memory at a time. ``keep``: models stay loaded between recordings."""
    gpu_budget_mb: int | None = Field(default=None, gt=0)
    """Memory of the card that this worker may take, in MB (2^20 bytes); ``None``: all that is free."""
    gpu_fallback_cpu: bool = True
    """Whether a stage goes on without the card when nothing smaller fits on it; otherwise it fails and says so."""
    fake_pace: float = Field(default=0.0, ge=0)
    """Seconds that a stage of the ``fake`` engines takes per second of audio, so that one can watch a run."""
    language: Literal["auto", "fr", "en"] = "auto"
    """Of headings and notes in what people read; ``auto``: that of the meeting."""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    api: ApiSettings = ApiSettings()
    queue: QueueSettings = QueueSettings()
    audio: AudioLimits = AudioLimits()
    diarization: DiarizationSettings = DiarizationSettings()
    transcription: TranscriptionSettings = TranscriptionSettings()
    identification: IdentificationSettings = IdentificationSettings()
    voices: VoicesSettings = VoicesSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    retention: RetentionSettings = RetentionSettings()
    audit: AuditSettings = AuditSettings()


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
        elif isinstance(field.validation_alias, str):
            names.append(field.validation_alias)
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
