"""The diarizer: segmentation, voiceprints of clean windows, clustering, re-assignment, turns.

Owns the order of the steps and the constants they run with; never holds two models at once. Torch-free: ONNX Runtime
and numpy. Usage::

    diarizer = OnnxDiarizer(weights / "segmentation-3.0.onnx", weights / "campplus.onnx", residency)
    diarization = diarizer.diarize(waveform, SpeakerCount(), progress)
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import Waveform
from scribe.domain.speech import Diarization, SpeakerCount, SpeakerLabel, speaker_label
from scribe.domain.turns import exclusive_turns
from scribe.domain.voices import Voiceprint
from scribe.engines.card import CardUse
from scribe.engines.diarization.clustering import ClusterLimits, centre, centroids_of, cluster
from scribe.engines.diarization.levels import LevelRule, level_evidence
from scribe.engines.diarization.reassignment import reassign
from scribe.engines.diarization.segmentation import CARD_BATCH, ITEM_MB, segment
from scribe.engines.diarization.timeline import TurnRule, join_chunks, speaking, turns_of
from scribe.engines.diarization.windows import Windows, cut_windows, embed_windows
from scribe.engines.onnx import Device, FloatArray, OnCard, OnnxModel, model_sha256, revision_of
from scribe.engines.residency import Residency
from scribe.engines.voiceprint import CampPlus

Ints = npt.NDArray[np.int64]
Report = Callable[[float], None]

_SEGMENTATION_SHARE = 0.55
"""Of the progress bar: segmentation takes 0.018 of 0.032 CPU s per second of audio."""


@dataclass(frozen=True, slots=True)
class DiarizerTuning:
    """Every constant of the diarizer, in one place; ``engine.py`` passes each to the step that uses it."""

    step_s: float = 2.0
    """Between two chunks of the segmentation: 1 s costs twice as much and gained nothing (hard 21.4 and 21.3 % DER,
    tuning meetings 12.7 and 10.8)."""
    window_s: float = 2.0
    """Longest window that one voiceprint is taken of. 1.0 and 1.5 s resolve turns better (AMI -2.4 points) but
    their prints are noisier: speakers were joined or split in the telephone call and in kitchen noise."""
    switch_cost: float = 0.15
    """Centred cosine that a change of speaker inside one stretch must earn. Flat from 0.1 to 0.3; at 0.05 the phone
    call loses 5 points."""
    rounds: int = 2
    """How often speakers are learnt again from the windows they were given; 1 and 4 gave the same."""
    clusters: ClusterLimits = field(default_factory=ClusterLimits)
    levels: LevelRule = field(default_factory=LevelRule)
    turns: TurnRule = field(default_factory=TurnRule)


class OnnxDiarizer:
    """Satisfies the port ``Diarizer``."""

    def __init__(
        self,
        segmentation: Path,
        voiceprint: Path,
        residency: Residency,
        *,
        segmentation_id: str = "segmentation-3.0",
        voiceprint_id: str = "campplus",
        device: Device = "cpu",
        threads: int = 1,
        tuning: DiarizerTuning | None = None,
        card: CardUse | None = None,
    ) -> None:
        """``card``: what may be taken of it, for ``cuda``."""
        self._card = card or CardUse()
        self._segmentation_path = segmentation
        self._voiceprint_path = voiceprint
        self._residency = residency
        self._segmentation_id = segmentation_id
        self._voiceprint_id = voiceprint_id
        self._device: Device = device
        self._threads = threads
        self._tuning = tuning or DiarizerTuning()

    @cached_property
    def settings(self) -> Mapping[str, object]:
        """Raises: ModelMissingError."""
        return {
            "engine": "onnx",
            "segmentation": self._segmentation_id,
            "segmentation_sha256": model_sha256(self._segmentation_path),
            "voiceprint": self._voiceprint_id,
            "voiceprint_sha256": model_sha256(self._voiceprint_path),
            "tuning": asdict(self._tuning),
            **({"device": self._device} if self._device != "cpu" else {}),
        }

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: Report) -> Diarization:
        """Who spoke when. Memory does not grow with the audio: it is read block by block.

        Raises: ModelMissingError, ModelCorruptError, EngineError.
        """
        tuning = self._tuning
        with self._residency.hold(self._segmentation_id, self._load_segmentation) as network:
            activity = segment(
                waveform, network, tuning.step_s, lambda done: progress(_SEGMENTATION_SHARE * done), self._threads
            )
        windows = cut_windows(activity, tuning.window_s)
        if len(windows) == 0:
            progress(1.0)
            return Diarization(duration_s=waveform.duration_s, turns=(), exclusive_turns=())
        with self._residency.hold(self._voiceprint_id, self._load_voiceprint) as model:
            vectors = embed_windows(
                waveform, windows, model, lambda done: progress(_after_segmentation(done)), self._threads
            )
        labels, num_speakers = self._name_windows(windows, vectors, count)
        presence = join_chunks(activity, windows, labels, num_speakers)
        evidence = level_evidence(waveform, activity.speech, tuning.levels)
        heard = speaking(presence, activity.speech, evidence, tuning.turns)
        turns, order = turns_of(heard, tuning.turns, waveform.duration_s)
        progress(1.0)
        return Diarization(
            duration_s=waveform.duration_s,
            turns=turns,
            exclusive_turns=exclusive_turns(turns),
            voiceprints=self._voiceprints(windows, vectors, labels, order),
        )

    def _load_segmentation(self) -> OnnxModel:
        on_card = OnCard(self._card, "diarize", CARD_BATCH, ITEM_MB) if self._device == "cuda" else None
        return OnnxModel.load(self._segmentation_path, device=self._device, on_card=on_card)

    def _load_voiceprint(self) -> CampPlus:
        return CampPlus.load(self._voiceprint_path, device=self._device, card=self._card)

    def _name_windows(self, windows: Windows, vectors: FloatArray, count: SpeakerCount) -> tuple[Ints, int]:
        tuning = self._tuning
        voices = centre(vectors)
        centroids = cluster(voices, windows.seconds, windows.continues, count, tuning.clusters)
        if len(centroids) == 0:
            return np.zeros(len(windows), np.int64), 1
        labels = reassign(
            voices,
            windows.seconds,
            windows.continues,
            centroids,
            switch_cost=tuning.switch_cost,
            rounds=tuning.rounds,
        )
        return labels, len(centroids)

    def _voiceprints(
        self, windows: Windows, vectors: FloatArray, labels: Ints, order: list[int]
    ) -> dict[SpeakerLabel, Voiceprint]:
        """One print per speaker with turns: the mean of the windows given to that speaker."""
        seconds = np.where(vectors.any(axis=1), windows.seconds, np.float32(0))
        means = centroids_of(vectors, seconds, labels)
        spoken_s = np.bincount(labels, weights=seconds, minlength=len(means))
        revision = revision_of(str(self.settings["voiceprint_sha256"]))
        return {
            speaker_label(index): Voiceprint(means[speaker], self._voiceprint_id, float(spoken_s[speaker]), revision)
            for index, speaker in enumerate(order)
            if speaker < len(means) and means[speaker].any()
        }


def _after_segmentation(done: float) -> float:
    return _SEGMENTATION_SHARE + (0.99 - _SEGMENTATION_SHARE) * done
