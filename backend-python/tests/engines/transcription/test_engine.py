"""The transcriber with the real model, on signals made here and on the sample in the repository."""

from itertools import pairwise
from pathlib import Path

import jiwer
import numpy as np
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Samples, Waveform
from scribe.domain.errors import Cancelled, ModelMissingError, OptionError
from scribe.domain.speech import TranscribedBlock, TranscriptionOptions
from scribe.engines.residency import Residency
from scribe.engines.transcription import WhisperTranscriber
from scribe.engines.transcription.engine import vocabulary_sentence
from scribe.engines.transcription.guards import normal_words
from tests.conftest import REPOSITORY
from tests.engines.transcription.conftest import MODEL, seconds_of, waveform_of

pytestmark = pytest.mark.real

SAMPLE = REPOSITORY / "samples" / "conference.flac"
ENGLISH_BEGINS_S = 40.0


def ignore(fraction: float) -> None:
    """A progress that nobody watches."""


def transcribe(
    transcriber: WhisperTranscriber, waveform: Waveform, resume_from_s: float = 0.0, **options: object
) -> list[TranscribedBlock]:
    chosen = TranscriptionOptions(**options)  # type: ignore[arg-type]
    return list(transcriber.transcribe(waveform, chosen, resume_from_s=resume_from_s, progress=ignore))


def text_of(blocks: list[TranscribedBlock]) -> str:
    return " ".join(segment.text for block in blocks for segment in block.segments)


def plain(text: str) -> str:
    """Lower-case words; apostrophes and hyphens part words."""
    return " ".join(normal_words(text.replace("'", " ").replace("’", " ").replace("-", " ")))


@pytest.fixture(scope="module")
def sample() -> Samples:
    from faster_whisper.audio import decode_audio

    return np.asarray(decode_audio(str(SAMPLE)), dtype=np.float32)


@pytest.fixture(scope="module")
def sample_blocks(transcriber: WhisperTranscriber, sample: Samples) -> list[TranscribedBlock]:
    return transcribe(transcriber, waveform_of(sample))


@pytest.fixture(scope="module")
def two_blocks(sample: Samples) -> Waveform:
    """Two sentences five minutes apart."""
    samples = np.zeros(320 * SAMPLE_RATE_HZ, dtype=np.float32)
    clip = sample[round(44 * SAMPLE_RATE_HZ) : round(50 * SAMPLE_RATE_HZ)]
    for start_s in (2, 310):
        samples[start_s * SAMPLE_RATE_HZ : start_s * SAMPLE_RATE_HZ + clip.shape[0]] = clip
    return waveform_of(samples)


def non_speech() -> dict[str, Samples]:
    time_s = seconds_of(20)
    noise = np.random.default_rng(7).standard_normal(time_s.shape[0]).astype(np.float32)
    brown = np.cumsum(noise).astype(np.float32)
    brown -= np.convolve(brown, np.ones(801) / 801, "same").astype(np.float32)
    chord = sum(np.sin(2 * np.pi * hertz * time_s) for hertz in (220.0, 277.2, 329.6, 440.0)) / 8
    melody = np.sin(2 * np.pi * np.cumsum(220 * 2 ** (np.floor(time_s * 3) % 8 / 12)) / SAMPLE_RATE_HZ) * 0.3
    return {
        "silence": np.zeros_like(time_s),
        "faint hiss": 0.0005 * noise,
        "white noise": 0.1 * noise,
        "room tone": 0.05 * brown / np.abs(brown).max(),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * time_s),
        "mains hum": 0.2 * np.sign(np.sin(2 * np.pi * 50 * time_s)),
        "chord": np.asarray(chord, dtype=np.float32),
        "melody": np.asarray(melody, dtype=np.float32),
        "clicks": 0.8 * (np.arange(time_s.shape[0]) % 8_000 < 8).astype(np.float32),
    }


@pytest.mark.parametrize("name", list(non_speech()))
def test_nothing_said_gives_no_word(transcriber: WhisperTranscriber, name: str) -> None:
    assert text_of(transcribe(transcriber, waveform_of(non_speech()[name]))) == ""


def test_a_recording_without_speech_never_loads_the_model() -> None:
    residency = Residency("keep")
    absent = WhisperTranscriber(Path("/nowhere/whisper-base"), MODEL, residency)
    [block] = transcribe(absent, waveform_of(np.zeros(5 * SAMPLE_RATE_HZ, dtype=np.float32)))
    assert (block.start_s, block.end_s, block.segments, block.speech) == (0.0, 5.0, (), ())
    assert residency.resident == ()


def test_a_recording_of_no_samples_has_no_blocks(transcriber: WhisperTranscriber) -> None:
    assert transcribe(transcriber, waveform_of(np.zeros(0, dtype=np.float32))) == []


def test_each_language_of_a_mixed_recording_is_kept(sample_blocks: list[TranscribedBlock]) -> None:
    segments = [segment for block in sample_blocks for segment in block.segments]
    french_s = sum(min(s.end_s, ENGLISH_BEGINS_S) - s.start_s for s in segments if s.start_s < ENGLISH_BEGINS_S)
    wrong_s = sum(
        word.end_s - word.start_s
        for segment in segments
        for word in segment.words
        if (segment.language == "fr") != (word.start_s < ENGLISH_BEGINS_S)
    )
    assert french_s > 20
    assert {segment.language for segment in segments} == {"fr", "en"}
    assert wrong_s < 2


def test_the_sample_is_read_as_well_as_it_was(sample_blocks: list[TranscribedBlock]) -> None:
    lines = (REPOSITORY / "samples" / "conference.stm").read_text(encoding="utf-8").splitlines()
    reference = " ".join(line.split(maxsplit=5)[5] for line in lines if not line.startswith(";;"))
    assert jiwer.wer(plain(reference), plain(text_of(sample_blocks))) < 0.35


def test_words_make_up_their_segment_and_follow_one_another(sample_blocks: list[TranscribedBlock]) -> None:
    segments = [segment for block in sample_blocks for segment in block.segments]
    for segment in segments:
        assert segment.text == " ".join(word.text for word in segment.words)
        assert segment.start_s == segment.words[0].start_s
        assert segment.end_s == segment.words[-1].end_s
        assert all(word.start_s <= word.end_s <= word.start_s + 3 for word in segment.words)
        assert all(left.end_s <= right.start_s for left, right in pairwise(segment.words))
        assert all(0 <= word.confidence <= 1 for word in segment.words)
    assert all(left.end_s <= right.start_s for left, right in pairwise(segments))


def test_words_are_where_speech_was_heard(sample_blocks: list[TranscribedBlock]) -> None:
    spans = [span for block in sample_blocks for span in block.speech]
    outside = [
        word.text
        for block in sample_blocks
        for segment in block.segments
        for word in segment.words
        if not any(span.start_s - 0.5 <= word.start_s and word.end_s <= span.end_s + 0.5 for span in spans)
    ]
    assert len(outside) <= 2


def test_a_given_language_is_obeyed(transcriber: WhisperTranscriber, sample: Samples) -> None:
    english = waveform_of(sample[round(43.5 * SAMPLE_RATE_HZ) : round(50 * SAMPLE_RATE_HZ)])
    blocks = transcribe(transcriber, english, language="fr")
    assert {segment.language for block in blocks for segment in block.segments} <= {"fr"}


def test_detection_chooses_among_the_allowed_languages(transcriber: WhisperTranscriber, sample: Samples) -> None:
    english = waveform_of(sample[round(43.5 * SAMPLE_RATE_HZ) : round(50 * SAMPLE_RATE_HZ)])
    blocks = transcribe(transcriber, english, allowed_languages=("fr", "de"))
    assert {segment.language for block in blocks for segment in block.segments} <= {"fr", "de"}


def test_an_unknown_language_is_refused(transcriber: WhisperTranscriber, sample: Samples) -> None:
    with pytest.raises(OptionError, match="xx"):
        transcribe(transcriber, waveform_of(sample), language="xx")


def test_a_missing_model_names_the_command(sample: Samples) -> None:
    absent = WhisperTranscriber(Path("/nowhere/whisper-base"), MODEL, Residency())
    with pytest.raises(ModelMissingError, match="scribe models pull whisper-base"):
        transcribe(absent, waveform_of(sample))


def test_a_resumed_run_yields_the_same_blocks(transcriber: WhisperTranscriber, two_blocks: Waveform) -> None:
    whole = transcribe(transcriber, two_blocks)
    assert len(whole) == 2
    assert whole[0].end_s == whole[1].start_s
    assert whole[1].segments
    assert transcribe(transcriber, two_blocks, resume_from_s=whole[0].end_s) == whole[1:]


def test_closing_between_blocks_unloads_the_model(whisper_base: Path, two_blocks: Waveform) -> None:
    residency = Residency("single")
    one_off = WhisperTranscriber(whisper_base, MODEL, residency, device="cpu", threads=1)
    blocks = one_off.transcribe(two_blocks, TranscriptionOptions(language="en"), progress=ignore)
    next(blocks)
    assert residency.resident == (MODEL,)
    blocks.close()
    assert residency.resident == ()


def test_a_progress_that_cancels_ends_the_run_and_unloads(whisper_base: Path, two_blocks: Waveform) -> None:
    def cancel(fraction: float) -> None:
        raise Cancelled("enough")

    residency = Residency("single")
    one_off = WhisperTranscriber(whisper_base, MODEL, residency, device="cpu", threads=1)
    with pytest.raises(Cancelled):
        next(one_off.transcribe(two_blocks, TranscriptionOptions(language="en"), progress=cancel))
    assert residency.resident == ()


def test_progress_never_falls_and_ends_at_one(transcriber: WhisperTranscriber, two_blocks: Waveform) -> None:
    seen: list[float] = []
    for _ in transcriber.transcribe(two_blocks, TranscriptionOptions(language="en"), progress=seen.append):
        pass
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_vocabulary_is_a_sentence() -> None:
    assert vocabulary_sentence(("Adam  Duguid", "ComfyUI", " ")) == "Adam Duguid, ComfyUI."
    assert vocabulary_sentence(()) == ""
