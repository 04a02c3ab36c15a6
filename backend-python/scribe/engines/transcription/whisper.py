"""One Whisper model in CTranslate2 form: encode, tell the language, decode, align.

Owns everything that knows faster-whisper or ctranslate2; never decides what is speech, which language or which text
to believe. Sound is encoded once, on a processor one window at a time (eight at once cost more CPU and ten times the
memory: the attention matrices of a 30 s window are 72 MB), on a card several; its encoding serves detection, decoding
and alignment.

Usage::

    model = Whisper.load(Path("whisper-base"), Compute())
    encoded = model.encode(samples)
    [decoded] = model.decode([encoded], ["fr"], Decoding(), max_new_tokens=200)
"""

import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples
from scribe.domain.errors import EngineError, ModelCorruptError, ModelMissingError
from scribe.engines.accelerators import Library, choose
from scribe.engines.card_errors import card_errors
from scribe.engines.cuda_libraries import FOR_CTRANSLATE2, preload
from scribe.engines.transcription.words import TimedToken

Device = Literal["auto", "cpu", "cuda"]
Encoded = npt.NDArray[Any]
"""(num_positions, width) float32 or float16: one position per 20 ms."""

POSITIONS_PER_SECOND = 50
MAX_FRAME_S = 30
"""What Whisper was trained to hear at once."""
FRAME_STEP_S = 5
"""Frames come in few lengths, so that windows can be decoded together."""
TAIL_S = 5.0
"""Blank after the speech of a window; with 1 to 3 s the decoder loops. Blank means feature value 0, as faster-whisper
pads: digital silence (the lowest value) makes the base model skip words. Pooled WER of 12 dev clips in English and
French, windows of at most 15 s: frame 20 s 22.2, 10/15/20 s 22.5, full 30 s 22.9, tail of 3 s 24.6; windows of 19 s
in 24 s 23.6; faster-whisper's batched mode 22.0."""
_MEL_FRAMES_PER_SECOND = 100
_MAX_LENGTH = 448
"""Tokens in Whisper's text context, prompt included (Radford et al. 2022)."""
_MAX_VOCABULARY_TOKENS = 200
"""A vocabulary may fill less than half of the context."""


@dataclass(frozen=True, slots=True)
class Compute:
    """Where and how exactly the model computes."""

    device: Device = "auto"
    compute_type: str = "auto"
    """``auto``: int8 on a CPU (same accuracy as float32 at half the cost), float16 on CUDA."""
    threads: int = 0
    """CPU threads of the model; 0: the library's choice (``OMP_NUM_THREADS`` or four)."""

    def resolved(self) -> "Compute":
        """With every ``auto`` replaced by what this machine has. Raises: DeviceError."""
        device = choose(Library.CTRANSLATE2, self.device)
        compute_type = self.compute_type
        if compute_type == "auto":
            compute_type = "int8" if device == "cpu" else _best_on_a_card()
        return Compute(device, compute_type, self.threads)


def _best_on_a_card() -> str:
    """float16 where the card is quick at it (from compute capability 7.0 on), else 8 bits with float32 around them."""
    import ctranslate2

    supported = ctranslate2.get_supported_compute_types("cuda")
    return next((kind for kind in ("float16", "int8_float32") if kind in supported), "float32")


@dataclass(frozen=True, slots=True)
class Decoding:
    """How tokens are searched."""

    beam_size: int = 5
    vocabulary: str = ""
    """A sentence with the names to expect, put before every window; empty: none."""
    no_repeat_ngram_size: int = 0
    """No run of this many tokens may occur twice; 0: no such limit."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The best hypothesis for one window."""

    tokens: tuple[int, ...]
    text: str
    avg_logprob: float
    no_speech_prob: float

    @property
    def compression_ratio(self) -> float:
        """Bytes of text per byte of its zlib form: far above 2 where text repeats itself (Radford et al. 2022)."""
        raw = self.text.encode()
        return len(raw) / len(zlib.compress(raw)) if raw else 0.0


class Whisper:
    """A loaded model."""

    def __init__(self, model: Any, feature_extractor: Any) -> None:
        self._model = model
        self._features = feature_extractor
        self._tokenizers: dict[str, Any] = {}

    @classmethod
    def load(cls, folder: Path, compute: Compute) -> "Whisper":
        """Never downloads. Raises: ModelMissingError, ModelCorruptError, ResourceError, EngineError."""
        if not (folder / "model.bin").is_file():
            raise ModelMissingError(f"There is no Whisper model in {folder}: run `scribe models pull {folder.name}`.")
        if not (folder / "tokenizer.json").is_file():  # without it faster-whisper would ask the hub
            raise ModelCorruptError(f"{folder} lacks tokenizer.json: run `scribe models pull {folder.name}` again.")
        if compute.device == "cuda":
            preload(FOR_CTRANSLATE2)  # CTranslate2 opens cuBLAS by its bare name
        import faster_whisper
        from faster_whisper.feature_extractor import FeatureExtractor

        with _engine_errors("loaded"):
            model = faster_whisper.WhisperModel(
                str(folder), device=compute.device, compute_type=compute.compute_type, cpu_threads=compute.threads
            )
        return cls(model, FeatureExtractor(feature_size=model.model.n_mels))

    def unload(self) -> None:
        """CTranslate2 holds its weights outside Python; it frees them only when told."""
        if self._model is not None:
            self._model.model.unload_model()
        self._model = None
        self._tokenizers.clear()

    @property
    def is_multilingual(self) -> bool:
        return bool(self._model.model.is_multilingual)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self._model.supported_languages)

    def encode(self, samples: Samples) -> Encoded:
        """``samples``: (num_samples,) float32. (positions, width): one position per 20 ms of the window's frame.

        The frame is the sound with ``TAIL_S`` of blank after it, in steps of ``FRAME_STEP_S``: the encoder's cost is
        quadratic in it, and half of Whisper's 30 s is enough for half the speech.
        """
        array: Encoded = self._encoded(self._mel(samples)[None])[0]
        return array

    def encode_all(self, sounds: Sequence[Samples], batch_size: int) -> list[Encoded]:
        """The same for several windows, up to ``batch_size`` of one frame at a time; in the order of ``sounds``."""
        if batch_size <= 1:
            return [self.encode(samples) for samples in sounds]
        frames = [encoded_s(samples.shape[0] / SAMPLE_RATE_HZ) for samples in sounds]
        found: dict[int, Encoded] = {}
        for frame_s in sorted(set(frames)):
            alike = [index for index, other in enumerate(frames) if other == frame_s]
            for first in range(0, len(alike), batch_size):
                batch = alike[first : first + batch_size]
                found.update(
                    zip(batch, self._encoded(np.stack([self._mel(sounds[index]) for index in batch])), strict=True)
                )
        return [found[index] for index in range(len(sounds))]

    def _mel(self, samples: Samples) -> npt.NDArray[np.float32]:
        """(n_mels, frames of the window's frame) float32."""
        frame_s = encoded_s(samples.shape[0] / SAMPLE_RATE_HZ)
        mel = np.zeros((self._model.model.n_mels, frame_s * _MEL_FRAMES_PER_SECOND), dtype=np.float32)
        sound = self._features(samples)[:, :-1][:, : mel.shape[1]]  # (n_mels, frames)
        mel[:, : sound.shape[1]] = sound
        return mel

    def _encoded(self, mels: npt.NDArray[np.float32]) -> Encoded:
        """(num, n_mels, frames) -> (num, positions, width)."""
        with _engine_errors("run"):
            encoded = self._model.model.encode(_storage(mels), to_cpu=True)
        array: Encoded = np.array(encoded)
        return array

    def detect_language(self, encoded: Encoded) -> dict[str, float]:
        """Probability of every language for a stretch of encoded sound of at least 3 s."""
        with _engine_errors("run"):
            [ranking] = self._model.model.detect_language(_storage(encoded[None]))
        return {token.strip("<|>"): float(probability) for token, probability in ranking}

    def decode(
        self, encoded: Sequence[Encoded], languages: Sequence[str], decoding: Decoding, max_new_tokens: int
    ) -> list[Decoded]:
        """Text of several windows of one encoded length, each in its own language."""
        tokenizer = self._tokenizer(languages[0])
        prompts = [self._prompt(language, decoding.vocabulary) for language in languages]
        with _engine_errors("run"):
            results = self._model.model.generate(
                _storage(np.stack(encoded)),
                prompts,
                beam_size=decoding.beam_size,
                no_repeat_ngram_size=decoding.no_repeat_ngram_size,
                max_length=min(len(prompts[0]) + max_new_tokens, _MAX_LENGTH),
                suppress_tokens=self._suppressed(tokenizer),
                return_scores=True,
                return_no_speech_prob=True,
            )
        decoded = []
        for result in results:
            tokens = tuple(token for token in result.sequences_ids[0] if token < tokenizer.eot)
            length = len(result.sequences_ids[0])
            # the score is a mean over tokens; the mean that Whisper thresholds counts the end token too
            avg_logprob = result.scores[0] * length / (length + 1)
            text = tokenizer.decode(list(tokens)).strip()
            decoded.append(Decoded(tokens, text, float(avg_logprob), float(result.no_speech_prob)))
        return decoded

    def align(
        self, encoded: Sequence[Encoded], tokens: Sequence[Sequence[int]], durations_s: Sequence[float], language: str
    ) -> list[list[TimedToken]]:
        """Times by dynamic time warping over cross-attention, seconds of the window; one language per call.

        One window after another: the logits of all tokens at once are 20 MB a window.
        """
        tokenizer = self._tokenizer(language)
        aligned = []
        for states, ids, duration_s in zip(encoded, tokens, durations_s, strict=True):
            frames = math.ceil(duration_s * _MEL_FRAMES_PER_SECOND)
            with _engine_errors("run"):
                [words] = self._model.find_alignment(tokenizer, [list(ids)], _storage(states[None]), [frames])
            aligned.append(
                [TimedToken(w["word"], float(w["start"]), float(w["end"]), float(w["probability"])) for w in words]
            )
        return aligned

    def _tokenizer(self, language: str) -> Any:
        if language not in self._tokenizers:
            from faster_whisper.tokenizer import Tokenizer

            self._tokenizers[language] = Tokenizer(
                self._model.hf_tokenizer, self.is_multilingual, task="transcribe", language=language
            )
        return self._tokenizers[language]

    def _prompt(self, language: str, vocabulary: str) -> list[int]:
        tokenizer = self._tokenizer(language)
        prompt: list[int] = []
        if vocabulary:
            prompt = [tokenizer.sot_prev, *tokenizer.encode(" " + vocabulary)[:_MAX_VOCABULARY_TOKENS]]
        return [*prompt, *tokenizer.sot_sequence, tokenizer.no_timestamps]

    def _suppressed(self, tokenizer: Any) -> list[int]:
        """Speaker tags, notes and other signs that nobody says (OpenAI's list), and Whisper's control tokens."""
        control = (
            tokenizer.transcribe,
            tokenizer.translate,
            tokenizer.sot,
            tokenizer.sot_prev,
            tokenizer.sot_lm,
            tokenizer.no_speech,
        )
        return sorted({*tokenizer.non_speech_tokens, *(token for token in control if token is not None)})


def encoded_s(duration_s: float) -> int:
    """The frame in which so much sound is encoded."""
    steps = math.ceil((duration_s + TAIL_S) / FRAME_STEP_S)
    return min(steps * FRAME_STEP_S, MAX_FRAME_S)


def _storage(array: npt.NDArray[Any]) -> Any:
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(array))


@contextmanager
def _engine_errors(verb: str) -> Iterator[None]:
    """The library's errors as ours. Raises: ResourceError for memory, CardError for a lost card, else EngineError."""
    try:
        with card_errors("The Whisper model"):
            yield
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"The Whisper model could not be {verb}: {error}") from error
