"""Enrolment and naming: with a scripted diarizer for the rules, with the real engines on real voices for the truth."""

from collections.abc import Mapping

import numpy as np
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import VoiceClipError
from scribe.domain.speech import Diarization, SpeakerCount, Turn, speaker_label
from scribe.domain.voices import Cohort, MatchRule, VoiceBank, VoiceClip, Voiceprint, VoiceProfile
from scribe.engines.identification import BankIdentifier, Enroller, load_cohort

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


def clip(name: str = "Ada", source: str = "Ada.wav") -> VoiceClip:
    return VoiceClip(name, source, lambda: Waveform(np.zeros(SAMPLE_RATE_HZ, np.int16)))


def enrol(*voices: tuple[tuple[float, float], float]) -> tuple[Voiceprint, tuple[str, ...]]:
    enrolment = Enroller(_Hears(*voices), cohort=None).enrol([clip()])
    [profile] = enrolment.bank.profiles
    return profile.voiceprints[0], enrolment.warnings


def test_a_clip_of_one_person_gives_the_print_that_the_diarizer_measured() -> None:
    print_, warnings = enrol((ADA, 12.0))
    assert print_.vector.tolist() == pytest.approx(ADA)
    assert (print_.speech_s, warnings) == (12.0, ())


def test_little_speech_is_enrolled_with_a_warning() -> None:
    _, [warning] = enrol((ADA, 6.0))
    assert warning.startswith("Ada was enrolled from 6.0 s of speech: 10 s or more")


@pytest.mark.parametrize(
    ("voices", "says"),
    [
        ([], "holds no clear speech"),
        ([(ADA, 0.4)], "holds no clear speech"),
        ([(ADA, 2.5)], r"2\.5 s of clear speech"),
        ([(ADA, 8.0), (BOB, 6.0)], "more than one voice"),
        ([(ADA, 12.0), (BOB, 2.0)], "more than one voice"),
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


def test_one_person_whom_the_diarizer_split_in_two_is_one_person() -> None:
    print_, warnings = enrol((ADA, 8.0), (ALMOST_ADA, 8.0))
    assert print_.speech_s == 16.0
    assert print_.vector[1] > 0
    assert warnings == ()


def test_several_short_clips_of_a_person_count_together_and_every_print_is_kept() -> None:
    enrolment = Enroller(_Hears((ADA, 2.0)), None).enrol([clip(source="Ada/1.wav"), clip(source="Ada/2.wav")])
    [profile] = enrolment.bank.profiles
    assert (len(profile.voiceprints), profile.speech_s) == (2, 4.0)


def test_every_clip_that_cannot_be_used_is_named_at_once() -> None:
    clips = [clip("Ada", "Ada.wav"), clip("Bob", "Bob/lunch.wav")]
    with pytest.raises(VoiceClipError, match=r"Ada\.wav.*\nBob/lunch\.wav"):
        Enroller(_Hears((ADA, 8.0), (BOB, 6.0)), None).enrol(clips)


def bank(**people: Voiceprint) -> VoiceBank:
    return VoiceBank(tuple(VoiceProfile(name, (print_,)) for name, print_ in people.items()))


def test_the_settings_change_with_everything_a_verdict_depends_on() -> None:
    ada, cohort = bank(Ada=voice(ADA, 10)), Cohort(MODEL, np.zeros(2, np.float32))
    variants: list[Mapping[str, object]] = [
        BankIdentifier(ada, cohort, MatchRule()).settings,
        BankIdentifier(ada, None, MatchRule()).settings,
        BankIdentifier(ada, cohort, MatchRule(threshold=0.6)).settings,
        BankIdentifier(ada, cohort, MatchRule(margin=0.2)).settings,
        BankIdentifier(ada, cohort, MatchRule(min_speech_s=5)).settings,
        BankIdentifier(bank(Ada=voice(BOB, 10)), cohort, MatchRule()).settings,
        BankIdentifier(bank(Bob=voice(ADA, 10)), cohort, MatchRule()).settings,
    ]
    assert len({repr(sorted(settings.items())) for settings in variants}) == len(variants)


def test_the_settings_hold_no_name() -> None:
    assert "Ada" not in repr(BankIdentifier(bank(Ada=voice(ADA, 10)), None, MatchRule()).settings)


def test_verdicts_come_from_the_bank() -> None:
    identifier = BankIdentifier(bank(Ada=voice(ADA, 10), Bob=voice(BOB, 10)), None, MatchRule())
    assert identifier.identify({speaker_label(0): voice(ALMOST_ADA, 5)})[speaker_label(0)].name == "Ada"


def test_the_shipped_cohort_is_a_mean_of_many_people() -> None:
    cohort = load_cohort("campplus")
    assert cohort is not None
    assert cohort.mean.shape == (192,)
    assert 0.4 < float(np.linalg.norm(cohort.mean)) < 0.9, "one person's print would have length 1"


def test_a_model_nobody_measured_has_no_cohort() -> None:
    assert load_cohort("resnet34") is None
