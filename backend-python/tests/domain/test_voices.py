"""The rule that names a speaker: stories, and what holds for any voices at all."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.errors import OptionError, VoiceprintMismatchError
from scribe.domain.voices import Cohort, Identification, MatchRule, VoiceBank, Voiceprint, VoiceProfile, match

MODEL = "campplus"
PLAIN = MatchRule(threshold=0.5, margin=0.1, min_speech_s=3.0)


def voice(*direction: float, speech_s: float = 10.0, model_id: str = MODEL) -> Voiceprint:
    vector = np.array(direction, np.float64)
    return Voiceprint((vector / np.linalg.norm(vector)).astype(np.float32), model_id, speech_s)


def bank(**people: Voiceprint) -> VoiceBank:
    return VoiceBank(tuple(VoiceProfile(name, (print_,)) for name, print_ in people.items()))


def decide(voices: Mapping[str, Voiceprint], people: VoiceBank, rule: MatchRule = PLAIN) -> dict[str, Identification]:
    return match(voices, people, None, rule)


ADA, BOB, EVE = voice(1, 0, 0), voice(0, 1, 0), voice(0, 0, 1)


def test_a_voice_close_to_one_person_gets_the_name_with_score_and_runner_up() -> None:
    verdict = decide({"SPEAKER_00": voice(3, 1, 0)}, bank(Ada=ADA, Bob=BOB, Eve=EVE))["SPEAKER_00"]
    assert (verdict.name, verdict.reason, verdict.runner_up) == ("Ada", "matched", "Bob")
    assert verdict.score == pytest.approx(3 / 10**0.5, abs=1e-6)
    assert verdict.runner_up_score == pytest.approx(1 / 10**0.5, abs=1e-6)


def test_a_stranger_stays_unknown_and_the_score_says_why() -> None:
    verdict = decide({"SPEAKER_00": voice(-1, -1, -1)}, bank(Ada=ADA, Bob=BOB))["SPEAKER_00"]
    assert (verdict.name, verdict.reason) == (None, "below-threshold")
    assert verdict.score is not None
    assert verdict.score < 0


def test_between_two_people_nobody_is_named() -> None:
    verdict = decide({"SPEAKER_00": voice(1, 0.95, 0)}, bank(Ada=ADA, Bob=BOB))["SPEAKER_00"]
    assert (verdict.name, verdict.reason, verdict.candidate) == (None, "too-close-to-call", "Ada")


def test_a_voice_heard_for_two_seconds_gets_no_name() -> None:
    verdict = decide({"SPEAKER_00": voice(1, 0, 0, speech_s=2.9)}, bank(Ada=ADA, Bob=BOB))["SPEAKER_00"]
    assert (verdict.name, verdict.reason) == (None, "too-little-speech")
    assert verdict.score == pytest.approx(1.0)


def test_one_person_is_named_once_and_the_better_match_wins() -> None:
    verdicts = decide({"SPEAKER_00": voice(3, 1, 0), "SPEAKER_01": voice(9, 1, 0)}, bank(Ada=ADA, Bob=BOB))
    assert verdicts["SPEAKER_01"].name == "Ada"
    assert (verdicts["SPEAKER_00"].name, verdicts["SPEAKER_00"].reason) == (None, "taken-by-better-match")
    assert verdicts["SPEAKER_00"].candidate == "Ada"


def test_the_loser_of_a_contest_is_not_given_a_second_choice() -> None:
    """Hungarian assignment would name SPEAKER_00 Bob, whose voice it is less like, to raise the sum of scores."""
    rule = MatchRule(threshold=0.5, margin=0.05)
    voices = {"SPEAKER_00": voice(1, 0.85, 0), "SPEAKER_01": voice(1, 0.2, 0)}
    verdicts = decide(voices, bank(Ada=ADA, Bob=BOB), rule)
    assert [verdicts[label].name for label in sorted(voices)] == [None, "Ada"]


def test_without_an_enrolled_voice_everybody_is_unknown() -> None:
    assert decide({"SPEAKER_00": ADA}, VoiceBank())["SPEAKER_00"].reason == "empty-bank"


def test_a_meeting_without_voices_has_no_verdicts() -> None:
    assert decide({}, bank(Ada=ADA)) == {}


def test_a_bank_of_one_needs_no_margin() -> None:
    verdict = decide({"SPEAKER_00": voice(3, 1, 0)}, bank(Ada=ADA))["SPEAKER_00"]
    assert (verdict.name, verdict.runner_up, verdict.runner_up_score) == ("Ada", None, None)


def test_what_all_voices_share_is_taken_away_before_comparing() -> None:
    """CAM++ prints of strangers are 0.4 alike: two voices that share only that are strangers."""
    shared = np.array([0.9, 0.0, 0.0], np.float32)
    ada, other = voice(0.9, 0.3, 0), voice(0.9, 0, 0.3)
    plain = match({"SPEAKER_00": other}, bank(Ada=ada), None, MatchRule(threshold=0.5))["SPEAKER_00"]
    centred = match({"SPEAKER_00": other}, bank(Ada=ada), Cohort(MODEL, shared), MatchRule())["SPEAKER_00"]
    assert plain.name == "Ada"
    assert centred.name is None
    assert centred.score == pytest.approx(0.0, abs=0.05)


def test_without_a_cohort_the_threshold_is_stricter() -> None:
    assert MatchRule().threshold_for(None) > MatchRule().threshold_for(Cohort(MODEL, np.zeros(3, np.float32)))


def test_a_person_is_the_mean_of_all_clips() -> None:
    people = VoiceBank((VoiceProfile("Ada", (voice(1, 0, 0), voice(0, 1, 0))), VoiceProfile("Eve", (EVE,))))
    verdict = decide({"SPEAKER_00": voice(1, 1, 0)}, people)["SPEAKER_00"]
    assert verdict.name == "Ada"
    assert verdict.score == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("models", [("campplus", "resnet34", None), ("campplus", "campplus", "resnet34")])
def test_prints_of_two_models_are_never_compared(models: tuple[str, str, str | None]) -> None:
    ours, theirs, cohort = models
    with pytest.raises(VoiceprintMismatchError, match="resnet34"):
        match(
            {"SPEAKER_00": voice(1, 0, model_id=ours)},
            bank(Ada=voice(1, 0, model_id=theirs)),
            None if cohort is None else Cohort(cohort, np.zeros(2, np.float32)),
            PLAIN,
        )


def test_a_bank_of_two_models_cannot_be_built() -> None:
    with pytest.raises(VoiceprintMismatchError):
        bank(Ada=voice(1, 0), Bob=voice(1, 0, model_id="resnet34"))
    with pytest.raises(VoiceprintMismatchError):
        VoiceProfile("Ada", (voice(1, 0), voice(1, 0, model_id="resnet34")))


def test_a_person_cannot_stand_in_a_bank_twice() -> None:
    with pytest.raises(ValueError, match="Ada"):
        VoiceBank((VoiceProfile("Ada", (ADA,)), VoiceProfile("Ada", (BOB,))))


def test_a_profile_without_a_print_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="at least one"):
        VoiceProfile("Ada", ())


@pytest.mark.parametrize("vector", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 0.0], [3.0, 4.0], [[1.0, 0.0]]])
def test_what_is_no_unit_vector_is_no_voiceprint(vector: list[float]) -> None:
    with pytest.raises(ValueError, match="voiceprint"):
        Voiceprint(np.array(vector, np.float32), MODEL, 10.0)


@pytest.mark.parametrize("speech_s", [-1.0, float("nan"), float("inf")])
def test_a_voiceprint_is_made_from_a_finite_time(speech_s: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        voice(1, 0, speech_s=speech_s)


@pytest.mark.parametrize("mean", [[np.nan, 0.0], [1.0, 0.5], [[0.1, 0.1]]])
def test_a_cohort_mean_is_a_mean_of_unit_vectors(mean: list[float]) -> None:
    with pytest.raises(ValueError, match="cohort"):
        Cohort(MODEL, np.array(mean, np.float32))


@pytest.mark.parametrize(
    "wrong", [{"threshold": 1.5}, {"threshold": float("nan")}, {"margin": -0.1}, {"min_speech_s": -1}]
)
def test_a_rule_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        MatchRule(**wrong)


def test_the_fingerprint_knows_the_people_and_not_their_order() -> None:
    assert bank(Ada=ADA, Bob=BOB).fingerprint == bank(Bob=BOB, Ada=ADA).fingerprint
    assert bank(Ada=ADA, Bob=BOB).fingerprint != bank(Ada=BOB, Bob=ADA).fingerprint
    assert bank(Ada=ADA).fingerprint != VoiceBank((VoiceProfile("Ada", (ADA, BOB)),)).fingerprint


# ---- what holds for any voices ----

DIMENSION = 4
vectors = st.lists(st.floats(-1, 1, width=32), min_size=DIMENSION, max_size=DIMENSION).filter(
    lambda values: float(np.linalg.norm(values)) > 1e-3
)
prints = st.builds(lambda values, speech_s: voice(*values, speech_s=speech_s), vectors, st.floats(0, 60))
voices_of_a_meeting = st.lists(prints, max_size=6).map(
    lambda found: {f"SPEAKER_{index:02d}": print_ for index, print_ in enumerate(found)}
)
banks = st.lists(st.lists(prints, min_size=1, max_size=3), max_size=6).map(
    lambda people: VoiceBank(tuple(VoiceProfile(f"P{i}", tuple(own)) for i, own in enumerate(people)))
)
cohorts = st.none() | vectors.map(lambda values: Cohort(MODEL, (np.array(values) / 4).astype(np.float32)))
rules = st.builds(MatchRule, st.none() | st.floats(-1, 1), st.floats(0, 0.5), st.floats(0, 10))


@settings(deadline=None)
@given(voices_of_a_meeting, banks, cohorts, rules, st.randoms(use_true_random=False))
def test_no_order_changes_a_verdict(voices, people, cohort, rule, random) -> None:  # type: ignore[no-untyped-def]
    profiles = [VoiceProfile(p.name, tuple(random.sample(p.voiceprints, len(p.voiceprints)))) for p in people.profiles]
    random.shuffle(profiles)
    labels = random.sample(sorted(voices), len(voices))
    shuffled = match({label: voices[label] for label in labels}, VoiceBank(tuple(profiles)), cohort, rule)
    assert shuffled == match(voices, people, cohort, rule)


@settings(deadline=None)
@given(voices_of_a_meeting, banks, cohorts, rules)
def test_every_voice_gets_one_verdict_and_every_person_at_most_one_voice(voices, people, cohort, rule) -> None:  # type: ignore[no-untyped-def]
    verdicts = match(voices, people, cohort, rule)
    assert set(verdicts) == set(voices)
    names = [verdict.name for verdict in verdicts.values() if verdict.name is not None]
    assert len(names) == len(set(names))
    for label, verdict in verdicts.items():
        assert (verdict.name is not None) == (verdict.reason == "matched")
        if verdict.name is not None:
            assert verdict.score is not None
            assert verdict.score >= rule.threshold_for(cohort)
            assert verdict.runner_up_score is None or verdict.score - verdict.runner_up_score >= rule.margin
            assert voices[label].speech_s >= rule.min_speech_s


@settings(deadline=None)
@given(voices_of_a_meeting, banks, cohorts, rules)
def test_scores_are_cosines(voices, people, cohort, rule) -> None:  # type: ignore[no-untyped-def]
    for verdict in match(voices, people, cohort, rule).values():
        for score in (verdict.score, verdict.runner_up_score):
            assert score is None or -1 <= score <= 1
        if verdict.score is not None and verdict.runner_up_score is not None:
            assert verdict.score >= verdict.runner_up_score


@settings(deadline=None)
@given(voices_of_a_meeting, banks, cohorts, st.floats(-1, 1), st.floats(-1, 1), st.floats(0, 0.5))
def test_a_higher_threshold_never_adds_a_name(voices, people, cohort, one, other, margin) -> None:  # type: ignore[no-untyped-def]
    low, high = (
        {
            (label, verdict.name)
            for label, verdict in match(voices, people, cohort, MatchRule(threshold, margin)).items()
            if verdict.name is not None
        }
        for threshold in sorted((one, other))
    )
    assert high <= low


@settings(deadline=None)
@given(voices_of_a_meeting, banks, cohorts)
def test_an_enrolled_print_scores_highest_with_itself(voices, people, cohort) -> None:  # type: ignore[no-untyped-def]
    """Or as high as another who was enrolled with the same print, and unless the cohort's mean is that very print."""
    for label, print_ in voices.items():
        with_own = VoiceBank((*people.profiles, VoiceProfile("Own", (print_,))))
        verdict = match({label: print_}, with_own, cohort, MatchRule())[label]
        assert verdict.score is not None
        centred = print_.vector - (0 if cohort is None else cohort.mean)
        if np.linalg.norm(centred) > 1e-3:
            assert verdict.score == pytest.approx(1.0, abs=1e-6)
