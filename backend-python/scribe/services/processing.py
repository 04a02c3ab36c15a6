"""The use case of this product: one recording in, who said what, when, out.

Owns the names of the result files and the order in which they appear; never runs a model (the tools do).

Usage::

    minutes = transcribe_recording(job, tools, storage, checkpoints, observer)
    minutes.fusion.segments[0].text
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scribe import __version__
from scribe.adapters.storage import Storage
from scribe.domain.exports import FORMATS, Results
from scribe.domain.meeting import RunWarning
from scribe.domain.results import (
    DiarizationDocument,
    FusionDocument,
    ModelFacts,
    RunFacts,
    TranscriptionDocument,
    build_diarization,
    build_fusion,
    build_transcription,
)
from scribe.domain.typography import ReadingLanguage, reading_language
from scribe.pipeline.ports import CheckpointStore, RunObserver
from scribe.pipeline.run import Outcome, Request, Tools, process

SCORING_FORMATS = ("rttm", "stm")
"""Always written: they are small, and what scoring tools and scripts look for."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to do, and where the results go."""

    request: Request
    folder: str
    """Key of the results' folder under the storage's root."""
    formats: tuple[str, ...] = tuple(FORMATS)
    language: ReadingLanguage | None = None
    """Of headings and notes in what people read; ``None``: the language most of the meeting was in."""
    models: Mapping[str, Sequence[ModelFacts]] | None = None
    """Which models take part, by stage; recorded in the results."""
    recording: str | None = None
    """What the results call the recording; ``None``: the name of its file."""
    warnings: tuple[RunWarning, ...] = ()
    """What the reader should know from before the run; stands first in the results."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """The documents that were written."""

    fusion: FusionDocument
    transcription: TranscriptionDocument
    diarization: DiarizationDocument | None
    """``None`` when that stage failed; the fusion's warnings say why."""
    language: ReadingLanguage
    """Of the reading formats."""
    files: tuple[str, ...]
    """Keys of everything that was written, ``fusion.json`` last: when it is there, all is there."""


def transcribe_recording(
    job: Job, tools: Tools, storage: Storage, checkpoints: CheckpointStore, observer: RunObserver
) -> Minutes:
    """Processes one recording and writes its results.

    Raises: what :func:`scribe.pipeline.run.process` raises; nothing is written then but checkpoints.
    """
    outcome = process(job.request, tools, checkpoints, observer)
    run = _run_facts(job, tools, outcome)
    transcription = build_transcription(outcome.transcript, run)
    diarization = build_diarization(outcome.diarization, run, outcome.identifications) if outcome.diarization else None
    fusion = build_fusion(outcome.fusion, run, outcome.diarization, outcome.identifications)
    texts = {"transcription.json": transcription.to_json()}
    if diarization is not None:
        texts["diarization.json"] = diarization.to_json()
    results = Results(fusion, diarization)
    language = job.language or reading_language(fusion.language)
    for name in dict.fromkeys((*SCORING_FORMATS, *job.formats)):
        texts[FORMATS[name].file_name] = FORMATS[name].write(results, language)
    texts["fusion.json"] = fusion.to_json()
    for file_name, text in texts.items():
        storage.write(f"{job.folder}/{file_name}", text.encode())
    return Minutes(fusion, transcription, diarization, language, tuple(f"{job.folder}/{name}" for name in texts))


def folder_names(sources: Sequence[Path]) -> list[str]:
    """One folder per recording: its name without the extension, numbered where two would share it.

    A pure function of the names, so that the same command finds its own checkpoints again. Names are compared without
    regard to case and Unicode form, as some file systems do.
    """
    names: list[str] = []
    taken: set[str] = set()
    for source in sources:
        stem = source.stem if source.stem.strip(". ") else "recording"
        name, number = stem, 1
        while _folded(name) in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(_folded(name))
        names.append(name)
    return names


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _run_facts(job: Job, tools: Tools, outcome: Outcome) -> RunFacts:
    request = job.request
    settings: dict[str, Mapping[str, object]] = {
        "convert": tools.converter.settings,
        "diarize": {
            **tools.diarizer.settings,
            "speakers": request.count.exact,
            "min_speakers": request.count.minimum,
            "max_speakers": request.count.maximum,
        },
        "transcribe": {
            **tools.transcriber.settings,
            "language": request.options.language,
            "allowed_languages": list(request.options.allowed_languages),
            "vocabulary": list(request.options.vocabulary),
            **({} if outcome.made_by == ("",) else {"made_by": [how or "as set" for how in outcome.made_by]}),
        },
        "fuse": {"second_opinion": tools.extractor.settings},
    }
    if tools.identifier is not None:
        settings["identify"] = tools.identifier.settings
    return RunFacts(
        recording=job.recording or request.source.name,
        audio=outcome.facts,
        created_at=datetime.now(UTC),
        product_version=__version__,
        models=_models_used(job.models or {}, outcome),
        settings=settings,
        stages=outcome.metrics,
        warnings=(*job.warnings, *outcome.warnings),
    )


def _models_used(models: Mapping[str, Sequence[ModelFacts]], outcome: Outcome) -> Mapping[str, Sequence[ModelFacts]]:
    """Of the models that might write the text, those that did: the first as the settings say, others in need."""
    if not models.get("transcribe"):
        return models
    spares = {how.split()[0] for how in outcome.made_by if how}
    usual, *others = models["transcribe"]
    took_part = [usual] if "" in outcome.made_by or usual.id in spares else []
    return {**models, "transcribe": [*took_part, *(model for model in others if model.id in spares)]}
