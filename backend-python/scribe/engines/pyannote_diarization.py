"""The original pyannote pipelines behind our Diarizer port, for those who want them on a GPU (extra ``[pyannote]``).

Owns loading pyannote.audio 4 from a local folder and the way from its result to our values; never downloads, never
reports usage (its telemetry is off), and imports torch only when a recording is diarized. 3.1: Bredin, "pyannote.audio
2.1 speaker diarization pipeline", Interspeech 2023, with the constants of the published configuration; community-1:
its own ``config.yaml`` (VBx clustering).

Usage::

    diarizer = PyannoteDiarizer(store.path("pyannote-3.1"), "pyannote-3.1", residency, extractor=campplus)
    diarizer.diarize(waveform, SpeakerCount(), progress)
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from importlib import metadata
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import CardError, EngineError, ModelMissingError, ModelUnknownError, ResourceError
from scribe.domain.speech import Diarization, Span, SpeakerCount, SpeakerLabel, Turn, speaker_label
from scribe.domain.turns import exclusive_turns, merge_turns, spans_alone, speakers_by_appearance
from scribe.domain.voices import Voiceprint
from scribe.engines.accelerators import Library, choose
from scribe.engines.card import CardUse
from scribe.engines.card_errors import Trouble, first_line, trouble_of
from scribe.engines.catalog import CATALOG
from scribe.engines.onnx import revision_of
from scribe.engines.residency import Residency

WESPEAKER = "wespeaker-resnet34-lm"
"""Whose voiceprints both pipelines make by themselves."""

_AHC_31 = {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799}
"""Of pyannote/speaker-diarization-3.1, config.yaml at 84fd259."""
_EMBEDDING_WEIGHTS = "embedding/pytorch_model.bin"
_SEGMENTATION_BATCH = 32
_SMALLER_BATCHES = (4, 1)
_STEPS = {"segmentation": (0.0, 0.4), "embeddings": (0.4, 0.95)}
"""Share of the work of pyannote's two long steps, measured on a CPU; on a card both are short."""
_LONGEST_PRINT_S = 60.0
"""Clean speech measured per speaker: identification errors were flat from 10 s on."""
_SHORTEST_SPAN_S = 1.0
"""Shorter clean stretches make poor prints (equal error rate 3.5 % at 1.5 s against 0.3 % at 3 s)."""

Device = Literal["auto", "cpu", "cuda"]
Track = tuple[float, float, str]
"""start_s, end_s, label."""
Vector = npt.NDArray[np.float32]


class Extractor(Protocol):
    """Measures voices, so that the speakers can be compared with enrolled prints of the same model."""

    @property
    def model_id(self) -> str: ...

    @property
    def settings(self) -> Mapping[str, object]: ...

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]: ...


class PyannoteDiarizer:
    """Satisfies the port ``Diarizer``."""

    def __init__(
        self,
        folder: Path,
        model_id: str,
        residency: Residency,
        *,
        device: Device = "auto",
        embedding_batch_size: int = 16,
        extractor: Extractor | None = None,
        card: CardUse | None = None,
    ) -> None:
        """``extractor``: makes the speakers' prints, after pyannote is unloaded; ``None``: they are pyannote's own,
        which no print of another model can be compared with.

        Raises: ModelUnknownError.
        """
        if model_id not in PIPELINES:
            raise ModelUnknownError(f"{model_id} is no pyannote pipeline. Known: {', '.join(PIPELINES)}.")
        self._folder = folder
        self._model_id = model_id
        self._residency = residency
        self._device: Device = device
        self._embedding_batch_size = embedding_batch_size
        self._extractor = extractor
        self._card = card or CardUse()

    @cached_property
    def settings(self) -> Mapping[str, object]:
        return {
            "engine": "pyannote",
            "pipeline": self._model_id,
            "sha256": {file.path: file.sha256 for file in CATALOG.find(self._model_id).files},
            "pyannote_audio": _version(),
            "voiceprints": WESPEAKER if self._extractor is None else dict(self._extractor.settings),
        }

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: Callable[[float], None]) -> Diarization:
        """Raises: ModelMissingError, EngineError, ResourceError."""
        progress(0.0)
        if waveform.num_samples == 0:
            return Diarization(0.0, (), ())
        tracks, vectors = self._tracks(waveform, count, progress)
        turns, labels = turns_of(tracks, waveform.duration_s)
        if self._extractor is None:
            prints = own_prints(turns, labels, vectors, _embedding_revision(self._model_id))
        else:
            prints = measured_prints(turns, waveform, self._extractor)
        progress(1.0)
        return Diarization(waveform.duration_s, turns, exclusive_turns(turns), prints)

    def _tracks(
        self, waveform: Waveform, count: SpeakerCount, progress: Callable[[float], None]
    ) -> tuple[list[Track], dict[str, Vector]]:
        """On the card with ever smaller batches, then on the processor: pyannote cannot go on in the middle, so each
        step begins anew. Raises: ResourceError when there is no step left."""
        device = choose(Library.TORCH, self._device)
        steps: list[tuple[Literal["cpu", "cuda"], int]] = [(device, self._embedding_batch_size)]
        if device == "cuda":
            steps += [("cuda", size) for size in _SMALLER_BATCHES if size < self._embedding_batch_size]
            steps += [("cpu", self._embedding_batch_size)] if self._card.may_leave else []
        for (where, size), following in zip(steps, [*steps[1:], None], strict=True):
            load = partial(LoadedPipeline.load, self._folder, self._model_id, where, size)
            try:
                with self._residency.hold(self._model_id, load) as pipeline:
                    return pipeline.run(waveform, count, progress)
            except ResourceError:
                if following is None:
                    raise
            self._residency.drop(self._model_id)
            before, after = (f"{self._model_id} {w} x{n}" for w, n in ((where, size), following))
            self._card.step_down(
                "batch" if following[0] == "cuda" else "cpu", before, after, stage="diarize", why="memory"
            )
        raise AssertionError("The last step returns or raises.")


class LoadedPipeline:
    """Pyannote's pipeline in memory."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline

    @classmethod
    def load(cls, folder: Path, model_id: str, device: Device, embedding_batch_size: int) -> "LoadedPipeline":
        """Raises: ModelMissingError, EngineError, ResourceError."""
        for file in CATALOG.find(model_id).files:
            if not (folder / file.path).is_file():
                raise ModelMissingError(f"{file.path} of {model_id} is missing: run `scribe models pull {model_id}`.")
        # Read when pyannote and huggingface_hub are imported: nothing is to leave this machine.
        os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
        os.environ["HF_HUB_OFFLINE"] = "1"
        try:
            import pyannote.audio  # noqa: F401
            import torch
        except ImportError as error:
            raise EngineError(
                f"The pyannote engine is not installed here ({error}): "
                f"`pip install 'smart-meeting-scribe[pyannote]'`, or use the built-in diarizer."
            ) from error
        chosen = "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"
        with _torch_errors(model_id):
            pipeline = PIPELINES[model_id](folder, embedding_batch_size)
            pipeline.to(torch.device(chosen))
        return cls(pipeline)

    def run(
        self, waveform: Waveform, count: SpeakerCount, progress: Callable[[float], None]
    ) -> tuple[list[Track], dict[str, Vector]]:
        """Turns as pyannote labels them, and the centroid of each label where there is one.

        Raises: EngineError, ResourceError.
        """
        import torch

        samples = torch.from_numpy(waveform.samples(0, waveform.num_samples))[None]  # (1, num_samples)
        with _torch_errors("pyannote"):
            output = self._pipeline(
                {"waveform": samples, "sample_rate": SAMPLE_RATE_HZ},
                num_speakers=count.exact,
                min_speakers=count.minimum,
                max_speakers=count.maximum,
                hook=_Hook(progress),
            )
        tracks = [
            (segment.start, segment.end, str(label))
            for segment, _, label in output.speaker_diarization.itertracks(yield_label=True)
        ]
        centroids = () if output.speaker_embeddings is None else output.speaker_embeddings
        names = map(str, output.speaker_diarization.labels())
        return tracks, {label: np.asarray(c, np.float32) for label, c in zip(names, centroids, strict=False)}

    def unload(self) -> None:
        import torch

        self._pipeline = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def turns_of(tracks: Iterable[Track], duration_s: float) -> tuple[tuple[Turn, ...], dict[str, SpeakerLabel]]:
    """Our turns, by start, inside the recording, speakers renamed in order of first appearance; and the new names."""
    raw = [
        Turn(max(start_s, 0.0), min(end_s, duration_s), SpeakerLabel(label))
        for start_s, end_s, label in tracks
        if min(end_s, duration_s) > max(start_s, 0.0)
    ]
    order = speakers_by_appearance(raw)
    labels = {str(label): speaker_label(index) for index, label in enumerate(order)}
    return merge_turns(Turn(turn.start_s, turn.end_s, labels[turn.speaker]) for turn in raw), labels


def own_prints(
    turns: Sequence[Turn], labels: Mapping[str, SpeakerLabel], vectors: Mapping[str, Vector], model_revision: str
) -> dict[SpeakerLabel, Voiceprint]:
    """Pyannote's centroids as voiceprints, under our names.

    One of zeros or with NaN (a speaker who never spoke alone) makes no print.
    """
    clean = spans_alone(turns)
    prints = {}
    for label, vector in vectors.items():
        length = float(np.linalg.norm(vector))
        if label in labels and np.isfinite(length) and length > 0:
            unit = (vector / length).astype(np.float32)
            speech_s = sum(span.duration_s for span in clean.get(labels[label], ()))
            prints[labels[label]] = Voiceprint(unit, WESPEAKER, speech_s, model_revision)
    return prints


def _embedding_revision(model_id: str) -> str:
    """Of the pipeline's voiceprint weights, as the catalogue knows them: 3.1 and community-1 have different ones."""
    [sha256] = [file.sha256 for file in CATALOG.find(model_id).files if file.path == _EMBEDDING_WEIGHTS]
    return revision_of(sha256 or "")


def measured_prints(turns: Sequence[Turn], waveform: Waveform, extractor: Extractor) -> dict[SpeakerLabel, Voiceprint]:
    """One print per speaker of the longest stretches in which nobody else speaks, weighted by their speech."""
    wanted: list[tuple[SpeakerLabel, Span]] = []
    for label, spans in spans_alone(turns).items():
        room_s = _LONGEST_PRINT_S
        for span in sorted(spans, key=lambda span: -span.duration_s):
            if room_s <= 0 or (span.duration_s < _SHORTEST_SPAN_S and room_s < _LONGEST_PRINT_S):
                break
            wanted.append((label, Span(span.start_s, min(span.end_s, span.start_s + room_s))))
            room_s -= span.duration_s
    prints: dict[SpeakerLabel, Voiceprint] = {}
    measured = extractor.voiceprints(waveform, [span for _, span in wanted])
    for label in dict.fromkeys(label for label, _ in wanted):
        mine = [one for (whose, _), one in zip(wanted, measured, strict=True) if whose == label and one is not None]
        mean = np.sum([one.vector * np.float32(one.speech_s) for one in mine], axis=0) if mine else np.zeros(1)
        length = float(np.linalg.norm(mean))
        if np.isfinite(length) and length > 0:
            vector = (mean / length).astype(np.float32)
            speech_s = sum(one.speech_s for one in mine)
            prints[label] = Voiceprint(vector, extractor.model_id, speech_s, mine[0].model_revision)
    return prints


def _pipeline_31(folder: Path, embedding_batch_size: int) -> Any:
    """The published 3.1 pipeline. Models are given as objects: given as paths, pyannote 4 chooses the kind of
    embedding by words in the path (``wespeaker``, ``nvidia``), and a folder's name would change what is run."""
    from pyannote.audio import Model
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines import SpeakerDiarization

    pipeline = SpeakerDiarization(
        segmentation=Model.from_pretrained(str(folder / "segmentation" / "pytorch_model.bin")),
        segmentation_batch_size=_SEGMENTATION_BATCH,
        embedding=Model.from_pretrained(str(folder / "embedding" / "pytorch_model.bin")),
        embedding_batch_size=embedding_batch_size,
        embedding_exclude_overlap=True,
        clustering="AgglomerativeClustering",
        # 4.x wants a PLDA even where it clusters without one; an empty instance is asked for nothing.
        plda=object.__new__(PLDA),
    )
    return pipeline.instantiate({"segmentation": {"min_duration_off": 0.0}, "clustering": _AHC_31})


def _pipeline_community_1(folder: Path, embedding_batch_size: int) -> Any:
    from pyannote.audio import Pipeline

    pipeline = Pipeline.from_pretrained(str(folder))
    pipeline.embedding_batch_size = embedding_batch_size
    return pipeline


PIPELINES: Mapping[str, Callable[[Path, int], Any]] = {
    "pyannote-3.1": _pipeline_31,
    "pyannote-community-1": _pipeline_community_1,
}


class _Hook:
    """Pyannote's progress reports as one fraction that never falls."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        self._progress = progress
        self._done = 0.0

    def __call__(
        self,
        step: str,
        _artefact: object = None,
        *,
        completed: int | None = None,
        total: int | None = None,
        **_: object,
    ) -> None:
        start, end = _STEPS.get(step, (self._done, self._done))
        share = completed / total if completed is not None and total else float(completed is None)
        self._done = max(self._done, min(start + share * (end - start), 0.99))
        self._progress(float(self._done))


@contextmanager
def _torch_errors(what: str) -> Any:
    """Torch's errors as ours: memory is a resource, the rest is the engine's."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise ResourceError(
            f"{what} ran out of memory: use a smaller recording, the CPU or the built-in one."
        ) from error
    except (RuntimeError, ValueError, OSError, KeyError, TypeError, EOFError, UnpicklingError) as error:
        if trouble_of(str(error)) is Trouble.CARD:
            raise CardError(f"{what} lost the card: {first_line(error)}") from error
        raise EngineError(f"{what} failed: {error}") from error


def _version() -> str | None:
    try:
        return metadata.version("pyannote.audio")
    except metadata.PackageNotFoundError:
        return None
