"""How big each Whisper model is: layers, width, weights, and the memory it is expected to take on a card.

Owns the arithmetic; nothing here was measured on a card by this project. The estimate is fitted to what others
published and tested against it (``tests/engines/transcription/test_shapes.py``): SYSTRAN's table for large-v2 on an
RTX 3070 Ti (README of faster-whisper: fp16 4,525 MB, batch of 8 6,090; int8 2,926 and 4,500) and an RTX 2080 Ti's
for large-v3 and turbo (4,521 / 2,953 and 2,537 / 1,545 MB; hub, deepdml/faster-whisper-large-v3-turbo-ct2,
discussion 3).

Usage::

    shape_of("whisper-large-v3").need_mb("float16", batch_size=8, beam_size=5)     # 6,656 MB
"""

from dataclasses import dataclass

MB = 1 << 20

CONTEXT_MB = 650
"""CUDA's context, cuBLAS and the kernels' code: faster-whisper keeps 200 to 312 MB until its process ends, and cuBLAS
takes its workspace when it first multiplies; what fits the published figures best."""
_CACHED_MB = 200
"""What CTranslate2's allocator may keep of memory that is free (its default, 209,715,200 bytes)."""
_MOST_POSITIONS = 1000
"""Encoded positions of a window: 15 s of speech and its tail, 50 a second."""
_MOST_TOKENS = 120
"""Text of a window of 15 s at a fast 6 tokens a second, and its prompt."""
MOST_ENCODED = 8
"""Windows that go through the encoder together at most: its attention is what grows fastest."""

_TEXT_POSITIONS, _SOUND_POSITIONS = 448, 1500


@dataclass(frozen=True, slots=True)
class WhisperShape:
    """Radford et al. 2022, table 1, and the configurations of the models derived from them."""

    width: int
    encoder_layers: int
    decoder_layers: int
    mel_bands: int = 80
    vocabulary: int = 51865

    @property
    def parameters(self) -> int:
        d, ff = self.width, 4 * self.width
        attention = 4 * d * d + 3 * d
        feed_forward = 2 * d * ff + ff + d
        encoder = self.encoder_layers * (attention + feed_forward + 4 * d) + 2 * d
        decoder = self.decoder_layers * (2 * attention + feed_forward + 6 * d) + 2 * d
        sound = 3 * self.mel_bands * d + d + 3 * d * d + d + _SOUND_POSITIONS * d
        text = self.vocabulary * d + _TEXT_POSITIONS * d
        return encoder + decoder + sound + text

    @property
    def file_bytes(self) -> int:
        """Of ``model.bin`` with numbers of 16 bits, as CTranslate2 converts."""
        return 2 * self.parameters

    def weights_mb(self, compute_type: str) -> float:
        return self.parameters * _bytes_per_weight(compute_type) / MB

    def need_mb(self, compute_type: str, batch_size: int, beam_size: int) -> float:
        """On a card, while windows of at most 15 s are encoded and decoded ``batch_size`` at a time."""
        number = 4 if compute_type in {"float32", "int8", "int8_float32"} else 2
        per_layer = 2 * self.decoder_layers * self.width * number
        heads = self.width // 64
        # keys and values: of the sound once a window, of the text once a hypothesis
        decoding = batch_size * per_layer * (_MOST_POSITIONS + beam_size * _MOST_TOKENS)
        logits = 2 * batch_size * beam_size * self.vocabulary * 4
        attention = 2 * heads * _MOST_POSITIONS**2 * number
        layer = _MOST_POSITIONS * self.width * number * 12
        encoding = min(batch_size, MOST_ENCODED) * (attention + layer)
        return self.weights_mb(compute_type) + CONTEXT_MB + _CACHED_MB + (decoding + logits + encoding) / MB


def _bytes_per_weight(compute_type: str) -> float:
    if compute_type.startswith("int8"):
        return 1.03  # the scales, and what is not a matrix
    return 4.0 if compute_type == "float32" else 2.0


_LARGE_V3 = {"width": 1280, "encoder_layers": 32, "mel_bands": 128, "vocabulary": 51866}
_SHAPES = {
    "whisper-tiny.en": WhisperShape(384, 4, 4, vocabulary=51864),
    "whisper-base": WhisperShape(512, 6, 6),
    "whisper-small": WhisperShape(768, 12, 12),
    "whisper-medium": WhisperShape(1024, 24, 24),
    "whisper-large-v3": WhisperShape(decoder_layers=32, **_LARGE_V3),
    "whisper-large-v3-turbo": WhisperShape(decoder_layers=4, **_LARGE_V3),
    "whisper-distil-large-v3": WhisperShape(decoder_layers=2, **_LARGE_V3),
    "whisper-distil-large-v3.5": WhisperShape(decoder_layers=2, **_LARGE_V3),
    "whisper-large-v3-french-distil-dec16": WhisperShape(decoder_layers=16, **_LARGE_V3),
    "whisper-large-v3-distil-fr-v0.2": WhisperShape(decoder_layers=2, **_LARGE_V3),
}


def shape_of(model_id: str) -> WhisperShape | None:
    """``None``: a model that the catalogue does not know; it is simply tried."""
    return _SHAPES.get(model_id)
