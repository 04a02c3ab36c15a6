"""Enrolment and naming: with a scripted diarizer for the rules, with the real engines on real voices for the truth."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from scribe.adapters.audio import PyAvConverter
from scribe.adapters.voice_clips import find_voice_clips, prepared
from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import VoiceClipError
from scribe.domain.speech import Diarization, Span, SpeakerCount, Turn, speaker_label
from scribe.domain.voices import Cohort, MatchRule, VoiceBank, VoiceClip, Voiceprint, VoiceProfile
from scribe.engines import identification
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.identification import BankIdentifier, ClipMeter, Enroller
from scribe.engines.residency import Residency
from scribe.engines.voice_calibration import load_cohort
from scribe.engines.voiceprint import CampPlusExtractor

MODEL = "campplus"
ADA, BOB = (1.0, 0.0), (0.0, 1.0)
ALMOST_ADA = (1.0, 0.2)


def voice(direction: tuple[float, float], speech_s: float) -> Voiceprint:
    vector = np.array(direction) / np.linalg.norm(direction)
    return Voiceprint(vector.astype(np.float32), MODEL, speech_s)


class _Hears:
    """A diarizer that hears the given voices one after the other: (direction, seconds); 0.5 s leaves no print."""

    def __init__(self, *voices: tuple[tuple[float, float], float]) -> None:
        self._voices = voices

    def diarize(self, waveform: Waveform, count: SpeakerCount, progress: object) -> Diarization:
        turns, prints, now_s = [], {}, 0.0
        for index, (direction, speech_s) in enumerate(self._voices):
            turns.append(Turn(now_s, now_s + speech_s, speaker_label(index)))
            now_s += speech_s
            if speech_s > 0.5:
                prints[speaker_label(index)] = voice(direction, speech_s)
        return Diarization(now_s, tuple(turns), tuple(turns), prints)


class _Measures:
    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]:
        return [None for _ in spans]


def clip(name: str = "Ada", source: str = "Ada.wav") -> VoiceClip:
    return VoiceClip(name, source, lambda: Waveform(np.zeros(SAMPLE_RATE_HZ, np.int16)))


def enroller_that_hears(*voices: tuple[tuple[float, float], float]) -> Enroller:
    return Enroller(ClipMeter(_Hears(*voices), _Measures(), None))


def enrol(*voices: tuple[tuple[float, float], float]) -> tuple[Voiceprint, tuple[str, ...]]:
    enrolment = enroller_that_hears(*voices).enrol([clip()])
    [profile] = enrolment.bank.profiles
    return profile.voiceprints[0], enrolment.warnings


def test_a_clip_of_one_person_gives_the_print_that_was_measured() -> None:
    print_, warnings = enrol((ADA, 12.0))
    assert print_.vector.tolist() == pytest.approx(ADA)
    assert (print_.speech_s, warnings) == (12.0, ())


def test_little_speech_is_enrolled_with_a_warning() -> None:
    _, [warning] = enrol((ADA, 6.0))
    assert warning == "Ada: 6.0 s of clear speech were found: 10 s or more make the name surer."


@pytest.mark.parametrize(
    ("voices", "says"),
    [
        ([], r"Ada\.wav: No clear speech"),
        ([(ADA, 0.4)], r"Ada\.wav: No clear speech"),
        ([(ADA, 2.5)], r"Ada: 2\.5 s of clear speech were found, at least 3 s"),
        ([(ADA, 8.0), (BOB, 6.0)], r"Ada\.wav: 2 voices were heard"),
        ([(ADA, 12.0), (BOB, 2.0)], r"Ada\.wav: 2 voices were heard"),
    ],
)
def test_a_clip_that_is_not_one_clear_voice_is_refused(
    voices: list[tuple[tuple[float, float], float]], says: str
) -> None:
    with pytest.raises(VoiceClipError, match=says):
        enrol(*voices)


def test_a_stray_word_of_another_is_left_out_and_said() -> None:
    print_, [warning] = enrol((ADA, 20.0), (BOB, 1.2))
    assert print_.vector.tolist() == pytest.approx(ADA)
    assert warning == "Ada.wav: 1.2 s of another voice were left out."


def test_several_short_clips_of_a_person_count_together_and_every_print_is_kept() -> None:
    enrolment = enroller_that_hears((ADA, 2.0)).enrol([clip(source="Ada/1.wav"), clip(source="Ada/2.wav")])
    [profile] = enrolment.bank.profiles
    assert (len(profile.voiceprints), profile.speech_s) == (2, 4.0)


def test_every_clip_that_cannot_be_used_is_named_at_once() -> None:
    clips = [clip("Ada", "Ada.wav"), clip("Bob", "Bob/lunch.wav")]
    with pytest.raises(VoiceClipError, match=r"Ada\.wav.*\nBob/lunch\.wav"):
        enroller_that_hears((ADA, 8.0), (BOB, 6.0)).enrol(clips)


def bank(**people: Voiceprint) -> VoiceBank:
    return VoiceBank(tuple(VoiceProfile(name, (print_,)) for name, print_ in people.items()))


def test_the_settings_change_with_the_rule() -> None:
    ada, cohort = bank(Ada=voice(ADA, 10)), Cohort(MODEL, np.zeros(2, np.float32))
    variants: list[Mapping[str, object]] = [
        BankIdentifier(ada, cohort, MatchRule()).settings,
        BankIdentifier(ada, None, MatchRule()).settings,
        BankIdentifier(ada, cohort, MatchRule(threshold=0.6)).settings,
        BankIdentifier(ada, cohort, MatchRule(auto_probability=0.99)).settings,
        BankIdentifier(ada, cohort, MatchRule(min_speech_s=5)).settings,
    ]
    assert len({repr(sorted(settings.items())) for settings in variants}) == len(variants)


def test_the_settings_tell_nothing_of_who_is_in_the_bank() -> None:
    known = BankIdentifier(bank(Ada=voice(ADA, 10)), None, MatchRule()).settings
    assert known == BankIdentifier(bank(Bob=voice(BOB, 10), Zoe=voice(ADA, 3)), None, MatchRule()).settings


def test_verdicts_come_from_the_bank() -> None:
    identifier = BankIdentifier(bank(Ada=voice(ADA, 10), Bob=voice(BOB, 10)), None, MatchRule())
    verdicts = identifier.identify({speaker_label(0): voice(ALMOST_ADA, 5)}).verdicts
    assert verdicts[speaker_label(0)].name == "Ada"


def test_the_shipped_cohort_is_a_mean_of_many_people() -> None:
    cohort = load_cohort("campplus")
    assert cohort is not None
    assert cohort.mean.shape == (192,)
    assert 0.4 < float(np.linalg.norm(cohort.mean)) < 0.9, "one person's print would have length 1"


def test_a_model_nobody_measured_has_no_cohort() -> None:
    assert load_cohort("resnet34") is None


# ---- real voices, real engines ----

SAMPLES = Path(__file__).parents[3] / "samples"
WEIGHTS = Path(identification.__file__).parent / "weights"
CONVERTER = PyAvConverter()


@pytest.fixture(scope="module")
def diarizer() -> OnnxDiarizer:
    return OnnxDiarizer(WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", Residency("keep"))


@pytest.fixture(scope="module")
def enroller(diarizer: OnnxDiarizer) -> Enroller:
    extractor = CampPlusExtractor(WEIGHTS / "campplus.onnx", Residency("keep"))
    return Enroller(ClipMeter(diarizer, extractor, load_cohort(MODEL)))


def recording(source: Path, folder: Path) -> Waveform:
    wav = folder / f"{source.stem}.wav"
    CONVERTER.convert(source, wav, lambda _: None)
    return CONVERTER.open(wav)


def names_by_true_speaker(
    meeting: Path, voices: Path, diarizer: OnnxDiarizer, enroller: Enroller, folder: Path
) -> dict[str, set[str | None]]:
    """What each person of the reference was called; a person the diarizer split may have been called two things."""
    bank = enroller.enrol(prepared(find_voice_clips(voices), CONVERTER, folder)).bank
    diarization = diarizer.diarize(recording(meeting, folder), SpeakerCount(), lambda _: None)
    verdicts = BankIdentifier(bank, load_cohort(MODEL), MatchRule()).identify(diarization.voiceprints).verdicts
    lines = [line.split() for line in meeting.with_suffix(".rttm").read_text(encoding="utf-8").splitlines()]
    truth = [(float(line[3]), float(line[3]) + float(line[4]), line[7]) for line in lines]
    called: dict[str, set[str | None]] = {}
    for speaker, verdict in verdicts.items():
        shared = Counter[str]()
        for turn in diarization.turns:
            for start_s, end_s, person in truth if turn.speaker == speaker else ():
                shared[person] += round(1000 * max(0.0, min(turn.end_s, end_s) - max(turn.start_s, start_s)))
        called.setdefault(shared.most_common(1)[0][0], set()).add(verdict.name)
    return called


@pytest.mark.real
def test_in_the_sample_the_enrolled_are_named_and_the_others_are_not(
    diarizer: OnnxDiarizer, enroller: Enroller, tmp_path: Path
) -> None:
    called = names_by_true_speaker(SAMPLES / "conference.flac", SAMPLES / "voices", diarizer, enroller, tmp_path)
    assert called == {"June": {"June"}, "Allison": {"Allison"}, "Armelle": {None}, "Reader": {None}}


@pytest.mark.real
@pytest.mark.shared
def test_a_person_is_known_again_through_another_channel(
    shared_audio: Path, diarizer: OnnxDiarizer, enroller: Enroller, tmp_path: Path
) -> None:
    folder = shared_audio / "en-katiesteve"
    called = names_by_true_speaker(folder / "katiesteve_2019.flac", folder / "enrol", diarizer, enroller, tmp_path)
    assert called == {"katie": {"katie"}, "steve": {"steve"}}


@pytest.mark.real
@pytest.mark.shared
def test_other_people_who_bear_the_same_names_stay_unknown(
    shared_audio: Path, diarizer: OnnxDiarizer, enroller: Enroller, tmp_path: Path
) -> None:
    folder = shared_audio / "en-katiesteve"
    called = names_by_true_speaker(folder / "katiesteve_2023.flac", folder / "enrol", diarizer, enroller, tmp_path)
    assert set().union(*called.values()) == {None}


@pytest.mark.real
def test_a_clip_with_several_voices_is_refused(enroller: Enroller, tmp_path: Path) -> None:
    conference = recording(SAMPLES / "conference.flac", tmp_path)
    allison_and_the_reader = Waveform(conference.pcm[40 * SAMPLE_RATE_HZ : 58 * SAMPLE_RATE_HZ])
    with pytest.raises(VoiceClipError, match="voices were heard"):
        enroller.enrol([VoiceClip("Allison", "Allison.wav", lambda: allison_and_the_reader)])


@pytest.mark.real
@pytest.mark.parametrize("level", [0, 300, 8000])
def test_silence_and_noise_are_no_voice(enroller: Enroller, level: int) -> None:
    pcm = (np.random.default_rng(7).standard_normal(10 * SAMPLE_RATE_HZ) * level).clip(-32768, 32767).astype(np.int16)
    with pytest.raises(VoiceClipError, match="No clear speech"):
        enroller.enrol([VoiceClip("Nobody", "noise.wav", lambda: Waveform(pcm))])
