"""Measuring a clip: with a scripted diarizer for the rules, with the real engines on real voices for the truth."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.speech import Diarization, Span, SpeakerCount, Turn, speaker_label
from scribe.domain.turns import exclusive_turns
from scribe.domain.voices import Cohort, Voiceprint
from scribe.engines import clips
from scribe.engines.clips import ClipMeter, ClipReport
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.fake import FakeDiarizer, FakeExtractor
from scribe.engines.residency import Residency
from scribe.engines.voice_calibration import load_cohort
from scribe.engines.voiceprint import CampPlusExtractor

MODEL = "campplus"
Direction = tuple[float, float]
ADA, BOB = (1.0, 0.0), (0.0, 1.0)
ALMOST_ADA = (1.0, 0.2)


def voice(direction: Direction, speech_s: float) -> Voiceprint:
    vector = np.array(direction) / np.linalg.norm(direction)
    return Voiceprint(vector.astype(np.float32), MODEL, speech_s, "r1")


class _Hears:
    """A diarizer that hears what it is told: (voice, start, end); a voice with less than 0.5 s leaves no print."""

    def __init__(self, *turns: tuple[Direction, float, float]) -> None:
        self._turns = turns

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: object) -> Diarization:
        directions = list(dict.fromkeys(direction for direction, _, _ in self._turns))
        labels = {direction: speaker_label(index) for index, direction in enumerate(directions)}
        turns = tuple(Turn(start_s, end_s, labels[direction]) for direction, start_s, end_s in self._turns)
        spoken = {
            direction: sum(end_s - start_s for whose, start_s, end_s in self._turns if whose == direction)
            for direction in directions
        }
        prints = {labels[one]: voice(one, seconds) for one, seconds in spoken.items() if seconds > 0.5}
        return Diarization(waveform.duration_s, turns, exclusive_turns(turns), prints)


class _Measures:
    """An extractor that finds the given voices in the pieces, one after the other."""

    def __init__(self, *directions: Direction) -> None:
        self._directions = directions

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]:
        return [
            voice(self._directions[index % len(self._directions)], span.duration_s) for index, span in enumerate(spans)
        ]


def measured(
    *turns: tuple[Direction, float, float], pieces: Sequence[Direction] = (ADA,), cohort: Cohort | None = None
) -> ClipReport:
    end_s = max((end_s for _, _, end_s in turns), default=1.0)
    waveform = Waveform(np.zeros(round((end_s + 1) * SAMPLE_RATE_HZ), np.int16))
    return ClipMeter(_Hears(*turns), _Measures(*pieces), cohort).measure(waveform)


def codes(report: ClipReport) -> list[str]:
    return [problem.code for problem in report.problems]


def test_a_clip_of_one_person_gives_the_print_that_the_diarizer_measured() -> None:
    report = measured((ADA, 0.0, 12.0))
    assert report.voiceprint is not None
    assert report.voiceprint.vector.tolist() == pytest.approx(ADA)
    assert (report.voiceprint.speech_s, report.voiceprint.model) == (12.0, "campplus@r1")
    assert (report.problems, report.hints, report.stray_s) == ((), (), 0.0)


@pytest.mark.parametrize("turns", [[], [(ADA, 0.0, 0.4)]])
def test_without_a_voice_there_is_nothing_but_the_refusal(turns: list[tuple[Direction, float, float]]) -> None:
    report = measured(*turns)
    assert (codes(report), report.voiceprint, report.spans, len(report.sample)) == (["no-speech"], None, (), 0)


def test_too_little_speech_is_refused_and_the_print_is_there_all_the_same() -> None:
    report = measured((ADA, 0.0, 2.5))
    assert codes(report) == ["too-short"]
    assert report.voiceprint is not None


def test_little_speech_is_measured_with_a_hint() -> None:
    assert [hint.code for hint in measured((ADA, 0.0, 6.0)).hints] == ["short"]


@pytest.mark.parametrize("second_s", [2.0, 6.0])
def test_a_second_person_is_refused_and_counted(second_s: float) -> None:
    report = measured((ADA, 0.0, 12.0), (BOB, 12.0, 12.0 + second_s))
    assert (codes(report), report.quality.num_voices) == (["several-voices"], 2)


def test_a_stray_word_of_another_is_left_out() -> None:
    report = measured((ADA, 0.0, 20.0), (BOB, 20.0, 21.2))
    assert report.voiceprint is not None
    assert report.voiceprint.vector.tolist() == pytest.approx(ADA)
    assert report.stray_s == pytest.approx(1.2)
    assert report.problems == ()


def test_one_person_whom_the_diarizer_split_in_two_is_one_person() -> None:
    report = measured((ADA, 0.0, 8.0), (ALMOST_ADA, 8.0, 16.0))
    assert report.voiceprint is not None
    assert (report.voiceprint.speech_s, report.voiceprint.model) == (16.0, "campplus@r1")
    assert report.voiceprint.vector[1] > 0
    assert (report.problems, report.quality.num_voices) == ((), 1)


def test_speech_that_others_talk_into_is_refused() -> None:
    report = measured((ADA, 0.0, 12.0), (BOB, 6.0, 11.0))
    assert codes(report) == ["overlapped", "several-voices"]
    assert report.quality.overlap_share == pytest.approx(5 / 12)


def test_two_voices_that_the_diarizer_takes_for_one_are_betrayed_by_their_pieces() -> None:
    cohort = Cohort(MODEL, np.zeros(2, np.float32))
    mixed = measured((ADA, 0.0, 12.0), pieces=(ADA, ADA, BOB, BOB), cohort=cohort)
    assert codes(mixed) == ["several-voices"]
    assert mixed.quality.consistency == pytest.approx(0.0, abs=1e-6)
    alone = measured((ADA, 0.0, 12.0), pieces=(ADA, ALMOST_ADA), cohort=cohort)
    assert codes(alone) == []


def loud_then_soft(softer_db: float) -> Waveform:
    """Sound that comes and goes from 0 to 9 s, and softer by so many dB from 10 to 20 s; in between almost nothing."""
    sound = np.random.default_rng(1).standard_normal(21 * SAMPLE_RATE_HZ) * 3000
    sound *= np.tile(np.repeat([1.0, 0.05], SAMPLE_RATE_HZ // 4), 42)
    sound[10 * SAMPLE_RATE_HZ :] *= 10 ** (-softer_db / 20)
    sound[9 * SAMPLE_RATE_HZ : 10 * SAMPLE_RATE_HZ] = sound[20 * SAMPLE_RATE_HZ :] = 2
    return Waveform(sound.astype(np.int16))


@pytest.mark.parametrize(("softer_db", "is_second_voice"), [(0, True), (9, True), (15, False)])
def test_a_voice_in_the_background_is_left_out_and_no_second_voice(softer_db: float, is_second_voice: bool) -> None:
    hears = _Hears((ADA, 0.0, 9.0), (BOB, 10.0, 18.0))
    report = ClipMeter(hears, _Measures(ADA), None).measure(loud_then_soft(softer_db))
    assert ("several-voices" in codes(report)) == is_second_voice
    assert report.stray_s == (0.0 if is_second_voice else 8.0)
    assert report.voiceprint is not None
    assert report.voiceprint.vector.tolist() == pytest.approx(ADA)


def test_the_softer_voice_is_refused_where_it_speaks_most() -> None:
    """Whoever is meant, the print would be of the other one."""
    hears = _Hears((BOB, 0.0, 9.0), (ADA, 10.0, 20.0))
    assert codes(ClipMeter(hears, _Measures(ADA), None).measure(loud_then_soft(20))) == ["several-voices"]


def test_the_fake_engines_enrol_a_tone() -> None:
    """The whole product runs on them: what they hear must pass, or nothing could be tried without models."""
    instants = np.arange(12 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = Waveform((8000 * np.sin(2 * np.pi * 400 * instants)).astype(np.int16))
    report = ClipMeter(FakeDiarizer(), FakeExtractor(), None).measure(tone)
    assert report.problems == ()
    assert report.voiceprint is not None
    assert report.voiceprint.model == "fake-pitch@1"


# ---- real voices, real engines ----

SAMPLES = Path(__file__).parents[3] / "samples"
WEIGHTS = Path(clips.__file__).parent / "weights"


@pytest.fixture(scope="module")
def meter() -> ClipMeter:
    residency = Residency("keep")
    extractor = CampPlusExtractor(WEIGHTS / "campplus.onnx", residency)
    diarizer = OnnxDiarizer(WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", residency)
    return ClipMeter(diarizer, extractor, load_cohort(MODEL))


@pytest.fixture(scope="module")
def allison(read_recording: Callable[[Path], Waveform]) -> Waveform:
    return Waveform(read_recording(SAMPLES / "voices" / "Allison.flac").pcm[: 12 * SAMPLE_RATE_HZ])


@pytest.fixture(scope="module")
def june(read_recording: Callable[[Path], Waveform]) -> Waveform:
    return Waveform(read_recording(SAMPLES / "voices" / "June.flac").pcm[: 12 * SAMPLE_RATE_HZ])


def in_noise(waveform: Waveform, snr_db: float) -> Waveform:
    speech = waveform.pcm[:].astype(np.float64)
    noise = np.random.default_rng(5).standard_normal(len(speech))
    noise *= np.sqrt(np.mean(speech**2) / 10 ** (snr_db / 10))
    return Waveform((0.5 * (speech + noise)).clip(-32768, 32767).astype(np.int16))


def likeness(one: ClipReport, other: ClipReport) -> float:
    assert one.voiceprint is not None
    assert other.voiceprint is not None
    return float(one.voiceprint.vector @ other.voiceprint.vector)


@pytest.mark.real
def test_a_real_clip_is_fine_and_the_same_audio_gives_the_same_answer(meter: ClipMeter, allison: Waveform) -> None:
    report, again = meter.measure(allison), meter.measure(allison)
    assert report.problems == ()
    assert report.quality == again.quality
    assert report.spans == again.spans
    assert likeness(report, again) == pytest.approx(1.0, abs=1e-6)
    assert np.array_equal(report.sample, again.sample)


@pytest.mark.real
def test_a_kept_sample_gives_the_print_again(meter: ClipMeter, allison: Waveform) -> None:
    report = meter.measure(allison)
    assert 3 * SAMPLE_RATE_HZ < len(report.sample) <= 21 * SAMPLE_RATE_HZ
    again = meter.measure(Waveform(report.sample))
    assert again.problems == ()
    assert likeness(report, again) > 0.97
    assert again.quality.speech_s == pytest.approx(report.quality.speech_s, rel=0.15)


@pytest.mark.real
@pytest.mark.parametrize(("snr_db", "is_refused"), [(20, False), (10, False), (0, True)])
def test_noise_is_measured_and_too_much_of_it_refused(
    meter: ClipMeter, allison: Waveform, snr_db: float, is_refused: bool
) -> None:
    report = meter.measure(in_noise(allison, snr_db))
    assert report.quality.snr_db == pytest.approx(snr_db, abs=4)
    assert ("too-noisy" in codes(report)) == is_refused


@pytest.mark.real
def test_a_telephone_is_good_enough(meter: ClipMeter, allison: Waveform) -> None:
    narrow = np.fft.rfft(allison.pcm[:].astype(np.float64))
    narrow[round(len(narrow) * 3400 / 8000) :] = 0
    report = meter.measure(Waveform(np.fft.irfft(narrow, len(allison.pcm)).clip(-32768, 32767).astype(np.int16)))
    assert report.problems == ()
    assert report.quality.bandwidth_hz == pytest.approx(3400, abs=200)


@pytest.mark.real
def test_a_clipped_recording_is_refused(meter: ClipMeter, allison: Waveform) -> None:
    loud = allison.pcm[:].astype(np.float64)
    ceiling = np.abs(loud).max() / 20
    report = meter.measure(Waveform(loud.clip(-ceiling, ceiling).astype(np.int16) * 4))
    assert "clipped" in codes(report)


@pytest.mark.real
def test_two_voices_one_after_the_other_are_refused(meter: ClipMeter, allison: Waveform, june: Waveform) -> None:
    both = Waveform(np.concatenate([allison.pcm[: 8 * SAMPLE_RATE_HZ], june.pcm[: 6 * SAMPLE_RATE_HZ]]))
    assert "several-voices" in codes(meter.measure(both))


class _OneSpeaker:
    """The real diarizer, made to take everybody for one person."""

    def __init__(self, diarizer: OnnxDiarizer) -> None:
        self._diarizer = diarizer

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: Callable[[float], None]) -> Diarization:
        return self._diarizer.diarize(waveform, SpeakerCount(exact=1), progress)


@pytest.mark.real
def test_two_voices_that_the_diarizer_merged_are_refused(
    allison: Waveform, read_recording: Callable[[Path], Waveform]
) -> None:
    residency = Residency("keep")
    diarizer = OnnxDiarizer(WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", residency)
    extractor = CampPlusExtractor(WEIGHTS / "campplus.onnx", residency)
    meter = ClipMeter(_OneSpeaker(diarizer), extractor, load_cohort(MODEL))
    conference = read_recording(SAMPLES / "conference.flac")
    allison_and_the_reader = Waveform(conference.pcm[40 * SAMPLE_RATE_HZ : 58 * SAMPLE_RATE_HZ])
    report = meter.measure(allison_and_the_reader)
    assert report.quality.num_voices == 1, "the diarizer was made to hear one"
    assert codes(report) == ["several-voices"]
    assert codes(meter.measure(allison)) == []


@pytest.mark.real
@pytest.mark.parametrize("level", [0, 300, 8000])
def test_silence_and_noise_are_no_voice(meter: ClipMeter, level: int) -> None:
    pcm = (np.random.default_rng(7).standard_normal(10 * SAMPLE_RATE_HZ) * level).clip(-32768, 32767).astype(np.int16)
    assert codes(meter.measure(Waveform(pcm))) == ["no-speech"]


@pytest.mark.real
@pytest.mark.parametrize("num_samples", [0, 1, 399, 4000])
def test_almost_nothing_is_no_voice(meter: ClipMeter, num_samples: int) -> None:
    assert codes(meter.measure(Waveform(np.full(num_samples, 900, np.int16)))) == ["no-speech"]
