"""What every engine promises, whatever is inside: the shipped fakes and the real models pass the same tests."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from scribe.adapters.audio import PyAvConverter
from scribe.core.config import load_settings
from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import Cancelled
from scribe.domain.speech import Diarization, Span, SpeakerCount, TranscribedBlock, TranscriptionOptions
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.fake import FakeDiarizer, FakeExtractor, FakeTranscriber
from scribe.engines.model_store import ModelStore, default_models_dir
from scribe.engines.residency import Residency
from scribe.engines.transcription import WhisperTranscriber
from scribe.engines.voiceprint import CampPlusExtractor
from scribe.pipeline.ports import Diarizer, Transcriber, VoiceprintExtractor
from tests.conftest import REPOSITORY

LENGTH_S = 45.0


@dataclass(frozen=True)
class Engines:
    diarizer: Diarizer
    extractor: VoiceprintExtractor
    transcriber: Transcriber


@dataclass(frozen=True)
class Heard:
    """What the engines made of the sample, worked out once."""

    diarization: Diarization
    blocks: list[TranscribedBlock]
    diarize_fractions: list[float]
    transcribe_fractions: list[float]


def real_engines() -> Engines:
    store, residency = ModelStore(load_settings().models_dir or default_models_dir()), Residency()
    voiceprint = store.path("campplus")
    return Engines(
        OnnxDiarizer(store.path("segmentation-3.0"), voiceprint, residency),
        CampPlusExtractor(voiceprint, residency),
        WhisperTranscriber(store.path("whisper-base"), "whisper-base", residency, threads=1),
    )


BUILDERS: dict[str, Callable[[], Engines]] = {
    "fake": lambda: Engines(FakeDiarizer(), FakeExtractor(), FakeTranscriber()),
    "real": real_engines,
}


@pytest.fixture(scope="module")
def waveform(tmp_path_factory: pytest.TempPathFactory) -> Waveform:
    wav = tmp_path_factory.mktemp("sample") / "sample.wav"
    converter = PyAvConverter()
    converter.convert(REPOSITORY / "samples" / "conference.flac", wav, lambda _: None)
    return Waveform(converter.open(wav).pcm[: int(LENGTH_S * SAMPLE_RATE_HZ)])


@pytest.fixture(scope="module", params=["fake", pytest.param("real", marks=pytest.mark.real)])
def engines(request: pytest.FixtureRequest) -> Engines:
    return BUILDERS[request.param]()


@pytest.fixture(scope="module")
def heard(engines: Engines, waveform: Waveform) -> Heard:
    diarize_fractions: list[float] = []
    transcribe_fractions: list[float] = []
    return Heard(
        engines.diarizer.diarize(waveform, SpeakerCount(), diarize_fractions.append),
        list(engines.transcriber.transcribe(waveform, TranscriptionOptions(), progress=transcribe_fractions.append)),
        diarize_fractions,
        transcribe_fractions,
    )


def silence(seconds: float) -> Waveform:
    return Waveform(np.zeros(int(seconds * SAMPLE_RATE_HZ), dtype=np.int16))


def test_turns_are_ordered_and_inside_the_recording(heard: Heard) -> None:
    turns = heard.diarization.turns
    assert turns
    assert list(turns) == sorted(turns, key=lambda turn: (turn.start_s, turn.end_s))
    assert all(0 <= turn.start_s < turn.end_s <= LENGTH_S + 1e-6 for turn in turns)


def test_exclusive_turns_do_not_overlap(heard: Heard) -> None:
    turns = heard.diarization.exclusive_turns
    assert all(one.end_s <= other.start_s + 1e-9 for one, other in itertools.pairwise(turns))


def test_speakers_are_numbered_by_first_appearance(heard: Heard) -> None:
    appearance = list(dict.fromkeys(turn.speaker for turn in heard.diarization.turns))
    assert appearance == sorted(appearance)


def test_voiceprints_belong_to_speakers_and_name_their_model(heard: Heard, engines: Engines) -> None:
    prints = heard.diarization.voiceprints
    assert set(prints) <= set(heard.diarization.speakers)
    assert {voiceprint.model_id for voiceprint in prints.values()} == {engines.extractor.model_id}


def test_diarizer_and_extractor_name_the_same_weights(heard: Heard, engines: Engines, waveform: Waveform) -> None:
    [measured] = engines.extractor.voiceprints(
        waveform, [Span(turn.start_s, turn.end_s) for turn in heard.diarization.turns[:1]]
    )
    assert measured is not None
    assert measured.model_revision
    assert {voiceprint.model for voiceprint in heard.diarization.voiceprints.values()} == {measured.model}


def test_an_exact_number_of_speakers_is_obeyed(engines: Engines, waveform: Waveform) -> None:
    assert len(engines.diarizer.diarize(waveform, SpeakerCount(exact=1), lambda _: None).speakers) == 1


def test_blocks_join_without_a_gap(heard: Heard) -> None:
    assert heard.blocks[0].start_s == 0
    assert heard.blocks[-1].end_s == pytest.approx(LENGTH_S)
    assert all(one.end_s == other.start_s for one, other in zip(heard.blocks, heard.blocks[1:], strict=False))


def test_segments_are_their_words_in_order(heard: Heard) -> None:
    segments = [segment for block in heard.blocks for segment in block.segments]
    assert segments
    for segment in segments:
        assert segment.text == " ".join(word.text for word in segment.words)
        starts = [word.start_s for word in segment.words]
        assert starts == sorted(starts)
        assert all(0 <= word.confidence <= 1 and word.start_s <= word.end_s for word in segment.words)


def test_progress_rises_to_the_end(heard: Heard) -> None:
    for fractions in (heard.diarize_fractions, heard.transcribe_fractions):
        assert fractions == sorted(fractions)
        assert fractions[-1] == pytest.approx(1.0)


def test_silence_has_no_speaker_and_no_word(engines: Engines) -> None:
    diarization = engines.diarizer.diarize(silence(20), SpeakerCount(), lambda _: None)
    blocks = list(engines.transcriber.transcribe(silence(20), TranscriptionOptions(), progress=lambda _: None))
    assert diarization.turns == ()
    assert [segment for block in blocks for segment in block.segments] == []


@pytest.mark.parametrize("num_samples", [0, 1, 2400])
def test_almost_nothing_is_no_error(engines: Engines, num_samples: int) -> None:
    waveform = Waveform(np.full(num_samples, 1000, dtype=np.int16))
    assert len(engines.diarizer.diarize(waveform, SpeakerCount(), lambda _: None).turns) <= 1
    list(engines.transcriber.transcribe(waveform, TranscriptionOptions(), progress=lambda _: None))


def test_a_span_of_silence_has_no_voiceprint(engines: Engines, waveform: Waveform) -> None:
    spoken, silent = engines.extractor.voiceprints(waveform, [Span(2.0, 6.0), Span(LENGTH_S, LENGTH_S + 3)])
    assert spoken is not None
    assert silent is None


def test_cancelling_is_let_through(engines: Engines, waveform: Waveform) -> None:
    def stop(_: float) -> None:
        raise Cancelled("Stopped on request.")

    with pytest.raises(Cancelled):
        engines.diarizer.diarize(waveform, SpeakerCount(), stop)
    with pytest.raises(Cancelled):
        list(engines.transcriber.transcribe(waveform, TranscriptionOptions(), progress=stop))


def test_settings_are_plain_and_stable(engines: Engines) -> None:
    for engine in (engines.diarizer, engines.extractor, engines.transcriber):
        assert engine.settings == engine.settings
        assert "engine" in engine.settings
