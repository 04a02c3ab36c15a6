"""The cleanest stretches of a speaker, and what is told of every speaker of a meeting."""

import io
import resource
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.enrolments import sample_wav
from scribe.domain.speech import Diarization, Span, SpeakerCount, SpeakerLabel, Turn, speaker_label
from scribe.domain.turns import exclusive_turns, merge_turns
from scribe.domain.voices import Cohort, Voiceprint
from scribe.engines import samples
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.residency import Residency
from scribe.engines.samples import best_spans, hear_speakers, joined
from scribe.engines.voice_calibration import load_cohort
from scribe.engines.voiceprint import CampPlusExtractor

A, B = speaker_label(0), speaker_label(1)


def diarized(*turns: tuple[float, float, str], duration_s: float) -> Diarization:
    merged = merge_turns(Turn(start_s, end_s, SpeakerLabel(who)) for start_s, end_s, who in turns)
    vector = np.array([1.0, 0.0], np.float32)
    spoken = {turn.speaker: 0.0 for turn in merged}
    for turn in merged:
        spoken[turn.speaker] += turn.duration_s
    prints = {who: Voiceprint(vector, "model", seconds, "r1") for who, seconds in spoken.items() if seconds > 0.5}
    return Diarization(duration_s, merged, exclusive_turns(merged), prints)


def sound(duration_s: float, *noisy: tuple[float, float]) -> Waveform:
    """Something that comes and goes like speech; where it is ``noisy`` there is noise under it."""
    chance = np.random.default_rng(3)
    rise = np.tile(np.repeat([1.0, 0.02], SAMPLE_RATE_HZ // 5), int(duration_s * 2.5) + 1)
    rise = rise[: round(duration_s * SAMPLE_RATE_HZ)]
    pcm = chance.standard_normal(len(rise)) * 3000 * rise
    for start_s, end_s in noisy:
        window = slice(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))
        pcm[window] += chance.standard_normal(len(pcm[window])) * 1500
    return Waveform(pcm.clip(-32768, 32767).astype(np.int16))


def test_the_stretches_are_long_enough_and_together_no_longer_than_asked_for() -> None:
    meeting = diarized(*((60.0 * k, 60.0 * k + 12.0, A) for k in range(10)), duration_s=600)
    spans = best_spans(meeting, sound(600), A)
    assert all(2.0 <= span.duration_s <= 8.0 for span in spans)
    assert 15.0 <= sum(span.duration_s for span in spans) <= 20.0
    assert list(spans) == sorted(spans)


def test_they_come_from_different_places() -> None:
    meeting = diarized(*((60.0 * k, 60.0 * k + 12.0, A) for k in range(10)), duration_s=600)
    spans = best_spans(meeting, sound(600), A)
    assert len({int(span.start_s // 60) for span in spans}) == len(spans) >= 3


def test_nobody_else_speaks_in_them() -> None:
    meeting = diarized((0.0, 20.0, A), (4.0, 6.0, B), (15.0, 30.0, B), duration_s=30)
    for who, other in ((A, B), (B, A)):
        for span in best_spans(meeting, sound(30), who):
            for turn in meeting.turns:
                if turn.speaker == other:
                    assert turn.end_s <= span.start_s or span.end_s <= turn.start_s


def test_clean_stretches_are_preferred_to_noisy_ones() -> None:
    meeting = diarized(*((20.0 * k, 20.0 * k + 6.0, A) for k in range(8)), duration_s=160)
    noisy = [(20.0 * k, 20.0 * k + 6.0) for k in (0, 1, 2, 3)]
    assert all(span.start_s >= 80 for span in best_spans(meeting, sound(160, *noisy), A))


def test_somebody_who_only_ever_says_yes_is_heard_saying_yes() -> None:
    meeting = diarized(*((10.0 * k, 10.0 * k + 0.9, A) for k in range(5)), duration_s=60)
    spans = best_spans(meeting, sound(60), A)
    assert len(spans) >= 1
    assert all(span.duration_s == pytest.approx(0.9) for span in spans)


@pytest.mark.parametrize("turns", [[], [(0.0, 5.0, B)], [(0.0, 0.4, A)], [(1.0, 3.0, A), (0.0, 5.0, B)]])
def test_somebody_who_is_never_heard_alone_has_no_sample(turns: list[tuple[float, float, str]]) -> None:
    assert best_spans(diarized(*turns, duration_s=10), sound(10), A) == ()


def test_silence_is_no_sample_of_a_voice() -> None:
    silence = Waveform(np.zeros(30 * SAMPLE_RATE_HZ, np.int16))
    meeting = diarized((0.0, 30.0, A), duration_s=30)
    assert best_spans(meeting, silence, A) == ()
    [heard] = hear_speakers(meeting, silence)
    assert (heard.sample, heard.spans) == (None, ())


def read_wav(content: bytes) -> npt.NDArray[np.int16]:
    with wave.open(io.BytesIO(content)) as wav:
        assert (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) == (1, 2, SAMPLE_RATE_HZ)
        return np.frombuffer(wav.readframes(wav.getnframes()), "<i2")


def test_a_sample_is_a_wav_of_the_stretches_with_a_breath_in_between() -> None:
    waveform = sound(20)
    pcm = read_wav(sample_wav(joined(waveform, [Span(1.0, 3.0), Span(10.0, 14.0)])))
    assert len(pcm) == round(6.3 * SAMPLE_RATE_HZ)
    assert not pcm[2 * SAMPLE_RATE_HZ : round(2.3 * SAMPLE_RATE_HZ)].any()
    middle = slice(1 * SAMPLE_RATE_HZ, round(1.5 * SAMPLE_RATE_HZ))
    assert np.array_equal(pcm[middle], waveform.pcm[2 * SAMPLE_RATE_HZ : round(2.5 * SAMPLE_RATE_HZ)])
    assert pcm[0] == 0, "no click where a stretch is cut"


def test_every_speaker_is_heard_with_turns_print_quality_and_sample() -> None:
    meeting = diarized((0.0, 10.0, A), (8.0, 12.0, B), (20.0, 20.2, "SPEAKER_02"), duration_s=30)
    ada, bob, guest = hear_speakers(meeting, sound(30))
    assert [heard.label for heard in (ada, bob, guest)] == list(meeting.speakers)
    assert ada.turns == (Span(0.0, 10.0),)
    assert ada.voiceprint is meeting.voiceprints[A]
    assert ada.quality.speech_s == 10.0
    assert ada.quality.overlap_share == pytest.approx(0.2)
    assert bob.quality.overlap_share == pytest.approx(0.5)
    assert ada.sample is not None
    assert len(read_wav(ada.sample)) == pytest.approx(SAMPLE_RATE_HZ * 8.0, rel=0.05)
    assert (guest.voiceprint, guest.spans, guest.sample) == (None, (), None)


class _Measures:
    """An extractor for which a loud voice is one person and a soft one another."""

    def __init__(self) -> None:
        self.calls = 0

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]:
        self.calls += 1
        ada, bob = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)
        is_loud = [bool(np.abs(waveform.seconds(span.start_s, span.end_s)).mean() > 0.03) for span in spans]
        return [Voiceprint(ada if loud else bob, "model", 3.0) for loud in is_loud]


def test_two_people_under_one_label_are_betrayed_by_their_voices() -> None:
    meeting = diarized((0.0, 40.0, A), (50.0, 90.0, A), (100.0, 140.0, B), duration_s=150)
    extractor = _Measures()
    pcm = sound(150).pcm[:].copy()
    pcm[45 * SAMPLE_RATE_HZ : 95 * SAMPLE_RATE_HZ] //= 10
    mixed, alone = hear_speakers(meeting, Waveform(pcm), extractor, Cohort("model", np.zeros(2, np.float32)))
    assert mixed.quality.consistency == pytest.approx(0.0, abs=1e-6)
    assert alone.quality.consistency == pytest.approx(1.0, abs=1e-6)
    assert extractor.calls == 1, "a model is loaded once for all speakers"


@given(
    st.lists(st.tuples(st.floats(0, 55), st.floats(0.05, 20), st.sampled_from([A, B, "SPEAKER_02"])), max_size=12),
    st.floats(0.5, 30),
)
@settings(max_examples=40, deadline=None)
def test_any_meeting_gives_samples_within_its_turns(turns: list[tuple[float, float, str]], max_s: float) -> None:
    meeting = diarized(*((start_s, min(start_s + length, 60.0), who) for start_s, length, who in turns), duration_s=60)
    for heard in hear_speakers(meeting, SIXTY_SECONDS, max_s=max_s):
        assert sum(span.duration_s for span in heard.spans) <= max_s + 1e-6
        assert (heard.sample is None) == (heard.spans == ())
        assert 0 <= heard.quality.overlap_share <= 1
        for span in heard.spans:
            assert any(turn.start_s - 1e-9 <= span.start_s and span.end_s <= turn.end_s + 1e-9 for turn in heard.turns)


SIXTY_SECONDS = sound(60)


class _LongRecording:
    """Four hours of which only what is asked for is made."""

    def __init__(self) -> None:
        self.most_samples = 0
        self._second = sound(1).pcm[:]

    def __len__(self) -> int:
        return 4 * 3600 * SAMPLE_RATE_HZ

    def __getitem__(self, window: slice, /) -> npt.NDArray[np.int16]:
        start, stop = window.start, min(window.stop, len(self))
        self.most_samples = max(self.most_samples, stop - start)
        return np.resize(self._second, max(stop - start, 0))


def test_four_hours_and_twenty_speakers_take_seconds_and_little_memory() -> None:
    chance = np.random.default_rng(0)
    turns, now_s = [], 0.0
    while now_s < 4 * 3600 - 40:
        length_s = float(chance.exponential(6.0)) + 0.3
        turns.append((now_s, now_s + length_s, speaker_label(int(chance.integers(20)))))
        now_s += length_s * float(chance.uniform(0.9, 1.1))
    recording = _LongRecording()
    meeting = diarized(*turns, duration_s=4 * 3600.0)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began_s = time.process_time()
    heard = hear_speakers(meeting, Waveform(recording))
    assert time.process_time() - began_s < 20, "a few seconds alone on a machine"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 60_000
    assert recording.most_samples <= 30 * SAMPLE_RATE_HZ
    assert len(heard) == 20
    assert all(one.sample is not None for one in heard)


# ---- real voices ----

SAMPLES = Path(__file__).parents[3] / "samples"
WEIGHTS = Path(samples.__file__).parent / "weights"


@pytest.mark.real
def test_the_samples_of_a_real_meeting_are_each_the_speakers_own_voice(
    read_recording: Callable[[Path], Waveform],
) -> None:
    residency = Residency("keep")
    diarizer = OnnxDiarizer(WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", residency)
    extractor = CampPlusExtractor(WEIGHTS / "campplus.onnx", residency)
    waveform = read_recording(SAMPLES / "conference.flac")
    diarization = diarizer.diarize(waveform, SpeakerCount(), lambda _: None)
    heard = hear_speakers(diarization, waveform, extractor, load_cohort("campplus"))
    assert len(heard) == 4
    for one in heard:
        assert one.sample is not None
        assert one.quality.consistency is not None
        assert one.quality.consistency > 0.4
        pcm = read_wav(one.sample)
        [measured] = extractor.voiceprints(Waveform(pcm), [Span(0.0, len(pcm) / SAMPLE_RATE_HZ)])
        assert measured is not None
        likeness = {
            other.label: float(other.voiceprint.vector @ measured.vector) for other in heard if other.voiceprint
        }
        assert max(likeness, key=lambda label: likeness[label]) == one.label
