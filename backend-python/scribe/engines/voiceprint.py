"""Voiceprints: Kaldi log-mel features and the CAM++ speaker embedding network.

Owns the way from samples to a unit vector per stretch of speech; never decides whose voice it is.
CAM++: Wang et al., "CAM++: A fast and efficient network for speaker verification using context-aware masking",
Interspeech 2023; weights ``iic/speech_campplus_sv_zh_en_16k-common_advanced`` (Apache-2.0).

Usage::

    extractor = CampPlusExtractor(weights / "campplus.onnx", residency)
    [voiceprint] = extractor.voiceprints(waveform, [Span(1.0, 4.0)])
"""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples, Waveform
from scribe.domain.speech import Span
from scribe.domain.voices import Voiceprint
from scribe.engines.card import CardUse
from scribe.engines.onnx import Device, FloatArray, OnCard, OnnxModel, model_sha256, revision_of
from scribe.engines.residency import Residency

EMBEDDING_DIMENSION = 192

FRAME_SAMPLES = 400
"""25 ms at 16 kHz."""
FRAME_SHIFT_SAMPLES = 160
"""10 ms at 16 kHz."""
MEL_BINS = 80

_FFT_SIZE = 512
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 8000.0
_PREEMPHASIS = np.float32(0.97)
_POVEY_EXPONENT = 0.85
_ENERGY_FLOOR = np.float32(np.finfo(np.float32).eps)
"""Kaldi's floor under the mel energies: digital silence becomes log(eps) = -15.9, not minus infinity."""
_FRAMES_PER_BLOCK = 3000
"""30 s at a time: the working set stays under 15 MB whatever the length."""

MIN_SPEECH_S = 0.4
"""Less speech than this makes no print: pyannote.audio 3.1 draws the line at the same place for its embeddings."""
_PIECE_S = 3.0
"""A long span is embedded in equal pieces of about this length and averaged; memory stays flat."""
_SILENCE_DBFS = -70.0
"""Mean level under which a frame is digital silence or its dither: 16-bit noise of +-1 lies at -90."""
_BELOW_LOUD_DB = 40.0
"""Frames further than this under the span's own loud level (95th percentile) are pauses, not voice."""

CARD_BATCH = 64
"""Windows embedded at once on a card. Declared, not measured on one."""
_ITEM_MB = 30.0
"""A window of 2 s on a card: twice the 15 MB that it takes on a processor (ONNX Runtime 1.31, batch of 64)."""


def fbank(samples: Samples) -> FloatArray:
    """Kaldi log-mel filter bank energies: 80 bins, 20 Hz to 8 kHz, povey window, no dither, ``snip_edges``.

    The definition is Kaldi's ``compute-fbank-feats`` (Povey et al., ASRU 2011).

    Args:
        samples: (num_samples,) float32, 16 kHz, in [-1, 1].

    Returns:
        (num_frames, 80) float32; frame i covers samples 160 i to 160 i + 400. Empty below 400 samples.
    """
    num_frames = max(0, 1 + (len(samples) - FRAME_SAMPLES) // FRAME_SHIFT_SAMPLES)
    features = np.empty((num_frames, MEL_BINS), np.float32)
    if num_frames == 0:
        return features
    window, mel = _povey_window(), _mel_filters()
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::FRAME_SHIFT_SAMPLES]
    for start in range(0, num_frames, _FRAMES_PER_BLOCK):
        block = frames[start : start + _FRAMES_PER_BLOCK].astype(np.float32)
        block -= block.mean(axis=1, keepdims=True)
        emphasised = np.empty_like(block)
        np.subtract(block[:, 1:], _PREEMPHASIS * block[:, :-1], out=emphasised[:, 1:])
        emphasised[:, 0] = (1 - _PREEMPHASIS) * block[:, 0]
        emphasised *= window
        spectrum = np.fft.rfft(emphasised, _FFT_SIZE, axis=1)[:, : _FFT_SIZE // 2]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        energies = power.astype(np.float32, copy=False) @ mel
        features[start : start + len(block)] = np.log(np.maximum(energies, _ENERGY_FLOOR))
    return features


def unit(vectors: FloatArray) -> FloatArray:
    """Vectors scaled to length 1 along the last axis; a zero vector stays zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: FloatArray = (vectors / np.maximum(norms, np.float32(1e-9))).astype(np.float32, copy=False)
    return scaled


class CampPlus:
    """The loaded CAM++ network."""

    def __init__(self, network: OnnxModel) -> None:
        self._network = network

    @classmethod
    def load(cls, path: Path, *, device: Device = "cpu", threads: int = 1, card: CardUse | None = None) -> "CampPlus":
        """``card``: for ``cuda``. Raises: ModelMissingError, ModelCorruptError, ResourceError, EngineError."""
        on_card = OnCard(card or CardUse(), "diarize", CARD_BATCH, _ITEM_MB) if device == "cuda" else None
        return cls(OnnxModel.load(path, device=device, threads=threads, on_card=on_card))

    @property
    def batch_size(self) -> int:
        """Stretches of one length worth embedding at once on a card; 0 on a processor, where one at a time is best."""
        return self._network.batch_size

    def embed(self, features: FloatArray) -> FloatArray:
        """Voice of one stretch. ``features``: (num_frames, 80) from :func:`fbank`. Returns (192,), unit length."""
        vector: FloatArray = self.embed_batch(features[np.newaxis])[0]
        return vector

    def embed_batch(self, features: FloatArray) -> FloatArray:
        """Voices of stretches of one length: (num, num_frames, 80) -> (num, 192), unit length.

        The mean of each stretch is removed, as in the network's training. A stretch that yields NaN or infinity
        (never seen on real audio) comes out as zeros, which no cosine takes for a voice.
        """
        centred = features - features.mean(axis=1, keepdims=True)
        vectors = self._network.run(centred)
        vectors[~np.isfinite(vectors).all(axis=1)] = 0
        return unit(vectors)

    def unload(self) -> None:
        self._network.unload()


class CampPlusExtractor:
    """Satisfies the port ``VoiceprintExtractor``."""

    def __init__(
        self,
        model: Path,
        residency: Residency,
        *,
        model_id: str = "campplus",
        device: Device = "cpu",
        threads: int = 1,
        card: CardUse | None = None,
    ) -> None:
        self._path = model
        self._card = card
        self._residency = residency
        self._model_id = model_id
        self._device: Device = device
        self._threads = threads

    @property
    def model_id(self) -> str:
        return self._model_id

    @cached_property
    def settings(self) -> Mapping[str, object]:
        """Raises: ModelMissingError."""
        return {
            "engine": "campplus",
            "model": self._model_id,
            "sha256": model_sha256(self._path),
            "min_speech_s": MIN_SPEECH_S,
            "piece_s": _PIECE_S,
            "below_loud_db": _BELOW_LOUD_DB,
        }

    @property
    def model_revision(self) -> str:
        """Raises: ModelMissingError."""
        return revision_of(str(self.settings["sha256"]))

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]:
        """One print per span, ``None`` where a span is too short, silent or not finite. Same order as ``spans``.

        Raises: ModelMissingError, ModelCorruptError, EngineError.
        """
        if not spans:
            return []
        with self._residency.hold(self._model_id, self._load) as model:
            return [self._voiceprint(model, waveform.seconds(span.start_s, span.end_s)) for span in spans]

    def _load(self) -> CampPlus:
        return CampPlus.load(self._path, device=self._device, threads=self._threads, card=self._card)

    def _voiceprint(self, model: CampPlus, samples: Samples) -> Voiceprint | None:
        features = fbank(samples)
        if len(features) == 0:
            return None
        features = features[voiced_frames(samples, len(features))]
        frames_per_second = SAMPLE_RATE_HZ // FRAME_SHIFT_SAMPLES
        if len(features) < MIN_SPEECH_S * frames_per_second:
            return None
        num_pieces = max(1, round(len(features) / (_PIECE_S * frames_per_second)))
        mean = sum(
            (len(piece) * model.embed(piece) for piece in np.array_split(features, num_pieces)),
            start=np.zeros(EMBEDDING_DIMENSION, np.float32),
        )
        vector = unit(mean)
        if not np.any(vector):
            return None
        speech_s = len(features) / frames_per_second
        return Voiceprint(vector, self._model_id, speech_s, self.model_revision)


def voiced_frames(samples: Samples, num_frames: int) -> npt.NDArray[np.bool_]:
    """Which frames of :func:`fbank` carry sound worth measuring: (num_frames,) bool, none in digital silence."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME_SAMPLES)[::FRAME_SHIFT_SAMPLES][:num_frames]
    power = np.einsum("fs,fs->f", frames, frames) / FRAME_SAMPLES
    level_db = 10 * np.log10(power + 1e-12)
    floor_db = max(_SILENCE_DBFS, float(np.percentile(level_db, 95)) - _BELOW_LOUD_DB)
    return np.asarray(level_db > floor_db)


def _povey_window() -> FloatArray:
    """A Hann window to the power 0.85, Kaldi's default. (400,) float32."""
    phase = 2 * math.pi * np.arange(FRAME_SAMPLES) / (FRAME_SAMPLES - 1)
    window: FloatArray = np.power(0.5 - 0.5 * np.cos(phase), _POVEY_EXPONENT).astype(np.float32)
    return window


def _mel_filters() -> FloatArray:
    """Kaldi's triangular filters, linear in mel. (256, 80) float32: power bins to mel energies."""
    lowest, highest = (1127.0 * math.log(1.0 + hz / 700.0) for hz in (_LOWEST_HZ, _HIGHEST_HZ))
    width = (highest - lowest) / (MEL_BINS + 1)
    bins_hz = np.arange(_FFT_SIZE // 2) * (SAMPLE_RATE_HZ / _FFT_SIZE)
    bins_mel = 1127.0 * np.log(1.0 + bins_hz / 700.0)
    left = lowest + width * np.arange(MEL_BINS)
    rising = (bins_mel[:, np.newaxis] - left) / width
    falling = (left + 2 * width - bins_mel[:, np.newaxis]) / width
    filters: FloatArray = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return filters
