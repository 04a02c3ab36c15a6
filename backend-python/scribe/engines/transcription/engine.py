"""Speech to words with Whisper: block by block, window by window, each in its own language.

Owns the order of the steps (listen, cut, encode, tell the language, decode, check, align) and the residency of the
model; never keeps more than one block in memory. Everything about a block depends on its first sample, the recording
and the options alone, so a resumed run goes on exactly as the first would have.

Usage::

    transcriber = WhisperTranscriber(Path("models/whisper-base"), "whisper-base", Residency())
    for block in transcriber.transcribe(waveform, TranscriptionOptions(), progress=print):
        ...
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import OptionError
from scribe.domain.speech import Span, TranscribedBlock, TranscriptionOptions, TranscriptSegment
from scribe.engines.card import CardUse
from scribe.engines.residency import Residency
from scribe.engines.transcription import blocks, guards, language, segments, voice_activity, windows
from scribe.engines.transcription.block_transcriber import BlockTranscriber, Speed
from scribe.engines.transcription.blocks import Block, iterate_blocks
from scribe.engines.transcription.descent import Descent
from scribe.engines.transcription.ladder import CARD_BATCH, CPU_BATCH, Rung, ladder
from scribe.engines.transcription.survey import survey_languages
from scribe.engines.transcription.voice_activity import VoiceActivityDetector
from scribe.engines.transcription.whisper import Compute, Decoding, Device, Whisper

REVISION = 3
"""Raised whenever a change of this package changes its results: old checkpoints are then not used."""


class WhisperTranscriber:
    """Satisfies the ``Transcriber`` port.

    ``model`` is a folder in CTranslate2 form, ``model_id`` its catalogue name.
    """

    def __init__(
        self,
        model: Path,
        model_id: str,
        residency: Residency,
        *,
        device: Device = "auto",
        compute_type: str = "auto",
        threads: int = 0,
        beam_size: int = 5,
        batch_size: int | None = None,
        spare: tuple[str, Path] | None = None,
        card: CardUse | None = None,
    ) -> None:
        """``batch_size``: ``None`` is 4 on a processor and 16 on a card. ``spare``: name and folder of a smaller model
        that may be taken when the card's memory does not do. ``card``: what may be taken of it."""
        self._folder = model
        self._model_id = model_id
        self._residency = residency
        self._compute = Compute(device, compute_type, threads)
        self._beam_size = beam_size
        self._batch_size = batch_size
        self._spare = spare
        self._card = card or CardUse()

    @property
    def settings(self) -> Mapping[str, object]:
        """As it is wished for. Blocks made otherwise say so, see ``TranscribedBlock.made_by``. Raises: DeviceError."""
        wish = self._wish
        return {
            "engine": "whisper",
            "revision": REVISION,
            "model": self._model_id,
            "device": wish.device,
            "compute_type": wish.compute_type,
            "beam_size": self._beam_size,
            "batch_size": wish.batch_size,
            "vad": "silero-v6",
            "vad_onset": voice_activity.ONSET,
            "vad_offset": voice_activity.OFFSET,
            "max_block_s": blocks.MAX_BLOCK_S,
            "max_window_s": windows.MAX_WINDOW_S,
            "padding_s": windows.PADDING_S,
            "language_switch_cost": language.SWITCH_COST,
            "min_avg_logprob": guards.MIN_AVG_LOGPROB,
            "max_no_speech": guards.MAX_NO_SPEECH,
            "max_compression": guards.MAX_COMPRESSION,
            "longest_word_s": segments.LONGEST_WORD_S,
        }

    def transcribe(
        self,
        waveform: Waveform,
        options: TranscriptionOptions,
        *,
        resume_from_s: float = 0.0,
        made_by: str = "",
        progress: Callable[[float], None],
    ) -> Generator[TranscribedBlock, None, None]:
        """Yields blocks in order; the model is loaded at the first speech and unloaded when the generator closes.

        Raises: ModelMissingError, ModelCorruptError, ResourceError, EngineError, CardError, DeviceError; OptionError
        for a language that the model does not know.
        """
        detector = VoiceActivityDetector()
        total = max(waveform.num_samples, 1)
        rungs = ladder(self._wish, self._spare, may_leave=self._card.may_leave)
        with Descent(
            rungs,
            beam_size=self._beam_size,
            threads=self._compute.threads,
            residency=self._residency,
            card=self._card,
            work=lambda model, speed: self._worker(model, speed, waveform, detector, options),
            made_by=made_by,
        ) as descent:
            for block in iterate_blocks(waveform, detector, round(resume_from_s * SAMPLE_RATE_HZ)):
                found: tuple[TranscriptSegment, ...] = ()
                if block.activity.spans:
                    share = block.samples.shape[0] / total
                    found = descent.transcribe(block, _part(progress, block.start / total, share))
                yield _finished(block, found, descent.made_by if block.activity.spans else "")
                progress(block.stop / total)

    @property
    def _wish(self) -> Rung:
        """The rung that the settings name. Raises: DeviceError."""
        compute = self._compute.resolved()
        usual = CPU_BATCH if compute.device == "cpu" else CARD_BATCH
        return Rung(self._folder, self._model_id, compute.device, compute.compute_type, self._batch_size or usual)

    def _worker(
        self,
        model: Whisper,
        speed: Speed,
        waveform: Waveform,
        detector: VoiceActivityDetector,
        options: TranscriptionOptions,
    ) -> BlockTranscriber:
        decoding = Decoding(self._beam_size, vocabulary_sentence(options.vocabulary))
        fixed, allowed = choose_languages(model, options)
        shares = {} if fixed else survey_languages(model, waveform, detector, allowed)
        return BlockTranscriber(model, decoding, speed, options.vocabulary, fixed, allowed, shares)


def choose_languages(model: Whisper, options: TranscriptionOptions) -> tuple[str | None, tuple[str, ...]]:
    """The language that needs no detection, if any, and those that detection may choose from (empty: all).

    Raises: OptionError.
    """
    if not model.is_multilingual:
        return "en", ("en",)
    wanted = [code for code in (options.language, *options.allowed_languages) if code is not None]
    unknown = sorted(set(wanted) - set(model.languages))
    if unknown:
        raise OptionError(f"Whisper does not know the language {', '.join(unknown)}: use ISO 639-1 codes such as fr.")
    if options.language is not None:
        return options.language, (options.language,)
    if len(options.allowed_languages) == 1:
        return options.allowed_languages[0], options.allowed_languages
    return None, options.allowed_languages


def vocabulary_sentence(vocabulary: Sequence[str]) -> str:
    """``Ada, Grace.``: as a sentence, because a bare list makes Whisper drop capitals and full stops."""
    names = [" ".join(name.split()) for name in vocabulary]
    return ", ".join(name for name in names if name).rstrip(".") + "." if any(names) else ""


def _part(progress: Callable[[float], None], start: float, share: float) -> Callable[[float], None]:
    return lambda fraction: progress(start + share * fraction)


def _finished(block: Block, found: tuple[TranscriptSegment, ...], made_by: str) -> TranscribedBlock:
    start_s, end_s = block.start / SAMPLE_RATE_HZ, block.stop / SAMPLE_RATE_HZ
    speech = tuple(
        Span((block.start + span.start) / SAMPLE_RATE_HZ, (block.start + span.stop) / SAMPLE_RATE_HZ)
        for span in block.activity.spans
    )
    return TranscribedBlock(start_s, end_s, found, speech, made_by)
