"""Which engine does what: the one place where settings become objects.

Owns the choice and the building; nothing here runs a model, except to enrol voices. Built once per command, passed
down, never global. An engine's module is imported only where it is chosen: scipy alone takes a second to import.

Usage::

    workshop = build_workshop(load_settings(), voices=Path("voices"))
    workshop.tools.diarizer
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from scribe.adapters.audio import PyAvConverter
from scribe.adapters.voice_clips import find_voice_clips, prepared
from scribe.core.config import Settings
from scribe.domain.enrolments import MAX_CLIP_S
from scribe.domain.results import ModelFacts
from scribe.domain.voices import Identification, LabelT, Matcher, MatchRule, VoiceBank, Voiceprint, match
from scribe.engines.accelerators import Library, choose
from scribe.engines.card import CardUse
from scribe.engines.catalog import CATALOG
from scribe.engines.identification import BankIdentifier, ClipMeter, Enroller
from scribe.engines.model_store import ModelStore, default_models_dir
from scribe.engines.onnx import model_sha256, revision_of
from scribe.engines.residency import Residency
from scribe.engines.voice_calibration import load_cohort
from scribe.pipeline.ports import Diarizer, Transcriber, VoiceprintExtractor
from scribe.pipeline.run import Tools

SEGMENTATION = "segmentation-3.0"
VOICEPRINT = "campplus"
WHISPER_WEIGHTS = "model.bin"
MOST_THREADS = 4
"""Beyond four threads these models gain little and spend CPU on waiting for one another."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """The tools and what is known about the models in them."""

    tools: Tools
    models: Mapping[str, Sequence[ModelFacts]]
    """By stage."""
    notes: tuple[str, ...]
    """Sentences about the enrolled voices for whoever keeps them: they name people and files."""


def open_store(settings: Settings) -> ModelStore:
    return ModelStore(settings.models_dir or default_models_dir())


def build_workshop(
    settings: Settings,
    voices: Path | None = None,
    *,
    residency: Residency | None = None,
    is_asking: bool = False,
    card: CardUse | None = None,
) -> Workshop:
    """``voices``: a folder of clips, whose people are named. ``residency``: models that an earlier workshop keeps in
    memory. ``is_asking``: the speakers are compared with the bank, elsewhere. ``card``: what an earlier workshop knows
    of it.

    Raises: ModelMissingError naming the command that installs it, VoiceClipError, OptionError; DeviceError when a card
    was asked for that a library cannot use.
    """
    store = open_store(settings)
    residency = residency or Residency(settings.residency)
    card = card or open_card(settings)
    converter = PyAvConverter(
        max_duration_s=settings.audio.max_duration_h * 3600,
        max_memory_mb=settings.audio.max_memory_mb,
        stall_timeout_s=settings.audio.stall_timeout_s,
    )
    diarizer, extractor, diarize_models = _voices(settings, store, residency, card)
    transcriber, transcribe_models = _words(settings, store, residency, card)
    models: dict[str, Sequence[ModelFacts]] = {"diarize": diarize_models, "transcribe": transcribe_models}
    nobody = Tools(converter, diarizer, extractor, transcriber, accelerator=card)
    compared_by = [] if settings.diarization.engine == "fake" else [_facts(VOICEPRINT)]
    if is_asking:
        models["identify"] = compared_by
    if voices is None:
        return Workshop(nobody, models, ())
    found = find_voice_clips(voices)
    notes = tuple(f"{path} is no recording: it was left out of the voices." for path in found.skipped)
    if not found.clips:
        return Workshop(nobody, models, notes)
    cohort, rule = load_cohort(extractor.model_id), _rule(settings)
    with TemporaryDirectory(prefix="scribe-voices-") as folder:
        enrolment = Enroller(ClipMeter(diarizer, extractor, cohort)).enrol(prepared(found, converter, Path(folder)))
    models["identify"] = compared_by
    tools = replace(nobody, identifier=BankIdentifier(enrolment.bank, cohort, rule))
    return Workshop(tools, models, (*notes, *enrolment.warnings))


def open_card(settings: Settings) -> CardUse:
    """What this process may take of the card, if there is one and the settings do not shun it."""
    may_leave = settings.gpu_fallback_cpu
    if settings.device == "cpu":
        return CardUse(settings.gpu_budget_mb, may_leave=may_leave)
    return CardUse.here(settings.gpu_budget_mb, may_leave=may_leave)


def build_matcher(settings: Settings) -> Matcher:
    """Who decides whose voice it is: no model, the numbers measured for one."""
    cohort, rule = load_cohort(voice_model(settings).partition("@")[0]), _rule(settings)

    def matcher(voices: Mapping[LabelT, Voiceprint], bank: VoiceBank, /) -> dict[LabelT, Identification]:
        return match(voices, bank, cohort, rule)

    return matcher


def build_clip_meter(settings: Settings) -> tuple[PyAvConverter, ClipMeter]:
    """For clips of one voice: what a meeting's voices go through, and no transcription.

    Raises: ModelMissingError naming the command that installs it.
    """
    converter = PyAvConverter(
        max_duration_s=MAX_CLIP_S,
        max_memory_mb=settings.audio.max_memory_mb,
        stall_timeout_s=settings.audio.stall_timeout_s,
    )
    diarizer, extractor, _ = _voices(settings, open_store(settings), Residency("keep"), open_card(settings))
    return converter, ClipMeter(diarizer, extractor, load_cohort(extractor.model_id))


def voice_model(settings: Settings) -> str:
    """Which model makes voiceprints here, as :attr:`Voiceprint.model`; loads none, and tells it even where it is not
    installed yet."""
    if settings.diarization.engine == "fake":
        from scribe.engines.fake import MODEL_ID, MODEL_REVISION

        return f"{MODEL_ID}@{MODEL_REVISION}"
    store = open_store(settings)
    is_installed = store.is_installed(VOICEPRINT)
    sha256 = model_sha256(store.path(VOICEPRINT)) if is_installed else _facts(VOICEPRINT).sha256
    return f"{VOICEPRINT}@{revision_of(sha256 or '')}"


def models_used(settings: Settings) -> frozenset[str]:
    """Names in the catalogue, where a meeting wishes for no other; none by the fake engines."""
    used = set() if settings.transcription.engine == "fake" else {settings.transcription.model}
    if settings.diarization.engine == "pyannote":
        used |= {settings.diarization.pyannote_pipeline, VOICEPRINT}
    elif settings.diarization.engine != "fake":
        used |= {SEGMENTATION, VOICEPRINT}
    return frozenset(used)


def _voices(
    settings: Settings, store: ModelStore, residency: Residency, card: CardUse
) -> tuple[Diarizer, VoiceprintExtractor, list[ModelFacts]]:
    if settings.diarization.engine == "fake":
        from scribe.engines.fake import FakeDiarizer, FakeExtractor

        return FakeDiarizer(settings.fake_pace), FakeExtractor(), []
    from scribe.engines.voiceprint import CampPlusExtractor

    voiceprint = store.path(VOICEPRINT)
    device = choose(Library.ONNX_RUNTIME, settings.device)
    extractor = CampPlusExtractor(voiceprint, residency, device=device, card=card)
    if settings.diarization.engine == "pyannote":
        pipeline = settings.diarization.pyannote_pipeline
        from scribe.engines.pyannote_diarization import PyannoteDiarizer

        original = PyannoteDiarizer(
            store.path(pipeline), pipeline, residency, device=settings.device, extractor=extractor, card=card
        )
        return original, extractor, [_facts(pipeline)]
    from scribe.engines.diarization import OnnxDiarizer

    diarizer = OnnxDiarizer(
        store.path(SEGMENTATION), voiceprint, residency, device=device, threads=_threads(settings), card=card
    )
    return diarizer, extractor, [_facts(SEGMENTATION), _facts(VOICEPRINT)]


def _words(
    settings: Settings, store: ModelStore, residency: Residency, card: CardUse
) -> tuple[Transcriber, list[ModelFacts]]:
    chosen = settings.transcription
    if chosen.engine == "fake":
        from scribe.engines.fake import FakeTranscriber

        return FakeTranscriber(settings.fake_pace), []
    from scribe.engines.transcription import WhisperTranscriber

    # Looked for now, and only where it may be needed: the middle of a meeting is no time to find it missing.
    spare = chosen.fallback_model if choose(Library.CTRANSLATE2, settings.device) == "cuda" else None
    transcriber = WhisperTranscriber(
        store.path(chosen.model),
        chosen.model,
        residency,
        device=settings.device,
        compute_type=chosen.compute_type,
        threads=_threads(settings),
        beam_size=chosen.beam_size,
        batch_size=chosen.batch_size,
        spare=None if spare is None else (spare, store.path(spare)),
        card=card,
    )
    return transcriber, [_facts(name) for name in dict.fromkeys([chosen.model, *([spare] if spare else [])])]


def _rule(settings: Settings) -> MatchRule:
    return MatchRule(**settings.identification.model_dump())


def _threads(settings: Settings) -> int:
    return settings.threads or min(os.cpu_count() or 1, MOST_THREADS)


def _facts(name: str) -> ModelFacts:
    """The hash of a model's weights, where the catalogue knows it."""
    model = CATALOG.find(name)
    hashes = [file.sha256 for file in model.files if file.path == (model.entry or WHISPER_WEIGHTS)]
    return ModelFacts(name, hashes[0] if hashes else None)
