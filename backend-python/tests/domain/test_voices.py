"""The rule that names a speaker, told in stories; what holds for any voices is in ``test_voices_properties.py``."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from scribe.domain.errors import OptionError, VoiceprintMismatchError
from scribe.domain.voices import (
    Band,
    Calibration,
    Cohort,
    Identification,
    MatchRule,
    VoiceBank,
    Voiceprint,
    VoiceProfile,
    match,
)

MODEL = "campplus"
RULE = MatchRule(auto_probability=0.95, suggest_probability=0.5, known_prior=100 / 101, threshold=0.5, min_speech_s=3.0)
"""By whose prior somebody of a bank of up to 100 is as likely to speak as a stranger."""
EVEN_AT_HALF = Calibration(0.8, 0.0, 0.2001, different_mean=0.2, different_sd=0.2, floor=0.3, lookalike_offset=99.0)
"""All but a straight line: 15 times the score, nothing at 0.5; and no look-alikes."""
COHORT = Cohort(MODEL, np.zeros(3, np.float32), EVEN_AT_HALF)


def voice(*direction: float, speech_s: float = 10.0, model_id: str = MODEL) -> Voiceprint:
    vector = np.array(direction, np.float64)
    return Voiceprint((vector / np.linalg.norm(vector)).astype(np.float32), model_id, speech_s)


def bank(**people: Voiceprint) -> VoiceBank:
    return VoiceBank(tuple(VoiceProfile(name, (print_,)) for name, print_ in people.items()))


def decide(voices: Mapping[str, Voiceprint], people: VoiceBank, rule: MatchRule = RULE) -> dict[str, Identification]:
    return match(voices, people, COHORT, rule)


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
    rule = replace(RULE, auto_probability=0.8)
    verdict = decide({"SPEAKER_00": voice(1, 0.95, 0)}, bank(Ada=ADA, Bob=BOB), rule)["SPEAKER_00"]
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
    rule = replace(RULE, auto_probability=0.8)
    voices = {"SPEAKER_00": voice(1, 0.85, 0), "SPEAKER_01": voice(1, 0.2, 0)}
    verdicts = decide(voices, bank(Ada=ADA, Bob=BOB), rule)
    assert [verdicts[label].name for label in sorted(voices)] == [None, "Ada"]


def test_one_person_may_be_named_twice_where_the_rule_allows_it() -> None:
    voices = {"SPEAKER_00": voice(3, 1, 0), "SPEAKER_01": voice(9, 1, 0)}
    verdicts = decide(voices, bank(Ada=ADA, Bob=BOB), replace(RULE, may_repeat=True))
    assert [verdicts[label].name for label in sorted(voices)] == ["Ada", "Ada"]


def test_two_people_of_one_name_are_two_people() -> None:
    """The contest is over persons: keyed by name, one of two different Annes stayed unknown."""
    people = VoiceBank((VoiceProfile("Anne", (ADA,), key="1"), VoiceProfile("Anne", (BOB,), key="2")))
    verdicts = decide({"SPEAKER_00": ADA, "SPEAKER_01": BOB}, people)
    assert [verdicts[label].name for label in sorted(verdicts)] == ["Anne", "Anne"]
    assert {verdicts[label].candidates[0].person for label in verdicts} == {"1", "2"}


def test_without_an_enrolled_voice_everybody_is_unknown() -> None:
    assert decide({"SPEAKER_00": ADA}, VoiceBank())["SPEAKER_00"].reason == "empty-bank"


def test_the_reason_is_told_in_numbers() -> None:
    people = bank(Claire=ADA, Anne=voice(1, 0.05, 0))
    verdicts = decide(
        {"SPEAKER_00": voice(0.5, 0, 1), "SPEAKER_01": ADA, "SPEAKER_02": voice(1, 0, 0, speech_s=2)}, people
    )
    assert verdicts["SPEAKER_00"].explanation == "0.45 < 0.70"
    assert verdicts["SPEAKER_01"].explanation == "Claire and Anne too close: 1.00 and 1.00"
    assert verdicts["SPEAKER_02"].explanation == "2.00 < 3.00 s"
    [alone] = decide({"SPEAKER_00": ADA}, bank(Claire=ADA)).values()
    assert alone.explanation == "1.00 ≥ 0.70"


def test_what_is_likely_but_not_sure_is_offered_and_not_written() -> None:
    [verdict] = decide({"SPEAKER_00": voice(0.6, 0, 0.8)}, bank(Ada=ADA)).values()
    assert (verdict.band, verdict.name, verdict.reason) == (Band.SUGGEST, None, "below-threshold")
    assert (verdict.candidate, verdict.explanation) == ("Ada", "0.60 < 0.70")
    assert verdict.probability == pytest.approx(1 / (1 + np.exp(-1.5)), abs=1e-3)


def test_two_that_cannot_be_told_apart_are_both_offered() -> None:
    [verdict] = decide({"SPEAKER_00": ADA}, bank(Claire=ADA, Anne=ADA)).values()
    assert (verdict.band, verdict.reason) == (Band.SUGGEST, "too-close-to-call")
    assert {candidate.name for candidate in verdict.candidates} == {"Claire", "Anne"}
    assert verdict.probability == pytest.approx(0.5, abs=1e-3)


def test_who_was_split_in_two_is_offered_the_name_that_went_to_the_other_half() -> None:
    verdicts = decide({"SPEAKER_00": voice(3, 1, 0), "SPEAKER_01": voice(9, 1, 0)}, bank(Ada=ADA, Bob=BOB))
    loser = verdicts["SPEAKER_00"]
    assert (loser.band, loser.candidate) == (Band.SUGGEST, "Ada")
    assert loser.explanation == "SPEAKER_01 is more like Ada: 0.99, here 0.95"


def test_who_is_only_a_little_like_a_person_already_named_is_not_offered_the_name() -> None:
    verdicts = decide({"SPEAKER_00": voice(0.6, 0, 0.8), "SPEAKER_01": ADA}, bank(Ada=ADA))
    assert (verdicts["SPEAKER_00"].band, verdicts["SPEAKER_00"].reason) == (Band.UNKNOWN, "taken-by-better-match")


def test_a_larger_bank_asks_for_more_likeness() -> None:
    test = voice(0.75, 0, 0, np.sqrt(1 - 0.75**2))
    others = {f"P{index}": voice(0, -1, 0, 0) for index in range(499)}
    cohort = Cohort(MODEL, np.zeros(4, np.float32), EVEN_AT_HALF)
    [small] = match({"SPEAKER_00": test}, bank(Ada=voice(1, 0, 0, 0)), cohort, RULE).values()
    [large] = match({"SPEAKER_00": test}, bank(Ada=voice(1, 0, 0, 0), **others), cohort, RULE).values()
    assert (small.name, large.name) == ("Ada", None)
    assert large.explanation == "0.75 < 0.80"


def test_a_meeting_without_voices_has_no_verdicts() -> None:
    assert decide({}, bank(Ada=ADA)) == {}


def test_a_bank_of_one_has_no_runner_up() -> None:
    verdict = decide({"SPEAKER_00": voice(3, 1, 0)}, bank(Ada=ADA))["SPEAKER_00"]
    assert (verdict.name, verdict.runner_up, verdict.runner_up_score) == ("Ada", None, None)


def test_what_all_voices_share_is_taken_away_before_comparing() -> None:
    """CAM++ prints of strangers are 0.4 alike: two voices that share only that are strangers."""
    shared = np.array([0.9, 0.0, 0.0], np.float32)
    ada, other = voice(0.9, 0.3, 0), voice(0.9, 0, 0.3)
    plain = match({"SPEAKER_00": other}, bank(Ada=ada), None, MatchRule())["SPEAKER_00"]
    centred = match({"SPEAKER_00": other}, bank(Ada=ada), Cohort(MODEL, shared), MatchRule())["SPEAKER_00"]
    assert plain.name == "Ada"
    assert centred.name is None
    assert centred.score == pytest.approx(0.0, abs=0.05)


def test_where_a_telephone_moves_every_voice_is_left_out_of_the_comparison() -> None:
    over_the_telephone = np.array([[0.0, 0.0, 1.0]], np.float32)
    cohort = Cohort(MODEL, np.zeros(3, np.float32), EVEN_AT_HALF, over_the_telephone)
    heard = {"SPEAKER_00": voice(1, 0, 1.5)}
    [plain] = match(heard, bank(Ada=ADA, Bob=BOB), COHORT, RULE).values()
    [compensated] = match(heard, bank(Ada=ADA, Bob=BOB), cohort, RULE).values()
    assert plain.name is None
    assert compensated.name == "Ada"
    assert compensated.score == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("directions", [[[0.0, 1.0]], [[0.0, 0.0, 2.0]], [[np.nan, 0, 0]], [[1.0, 0, 0], [1.0, 0, 0]]])
def test_directions_of_a_channel_are_orthonormal(directions: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="directions"):
        Cohort(MODEL, np.zeros(3, np.float32), None, np.array(directions, np.float32))


@pytest.mark.parametrize("wrong", [{"different_sd": 0.3}, {"same_sd": float("nan")}, {"different_sd": 0.0}])
def test_a_calibration_by_which_more_likeness_is_less_evidence_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"spread|finite"):
        replace(EVEN_AT_HALF, **wrong)


def test_look_alikes_are_told_apart_by_a_lead_and_not_by_a_hair() -> None:
    """Claire 0.88 and Sophie 0.79 in a voice that the diarizer had made of both; the normal curves said 99.7 %."""
    calibration = Calibration(0.86, 0.44, 0.16, different_mean=0.01, different_sd=0.11, floor=0.3)
    cohort = Cohort(MODEL, np.zeros(3, np.float32), calibration)
    people = bank(Claire=voice(1, 0, 0), Sophie=voice(0.72, 0.694, 0))
    [both] = match({"SPEAKER_00": voice(0.88, 0.224, 0.42, speech_s=60)}, people, cohort, RULE).values()
    assert both.explanation == "Claire and Sophie too close: 0.88 and 0.79"
    [sure] = match({"SPEAKER_00": voice(0.88, -0.2, 0.43, speech_s=60)}, people, cohort, RULE).values()
    assert (sure.name, sure.runner_up) == ("Claire", "Sophie")


def test_the_score_that_is_needed_is_worth_what_is_needed() -> None:
    calibration = Calibration(0.85, 0.43, 0.17, different_mean=0.01, different_sd=0.11, floor=0.3)
    for evidence in (0.0, 3.0, 8.0):
        for speech_s, enrolled_s in ((1.5, 60.0), (3.0, 10.0), (600.0, 600.0)):
            score = calibration.score_for(evidence, speech_s, enrolled_s)
            found = calibration.evidence(np.array(score), np.array(speech_s), np.array(enrolled_s))
            assert found == pytest.approx(evidence, abs=1e-6)


def test_a_model_nobody_has_calibrated_is_read_more_carefully() -> None:
    uncalibrated = Cohort(MODEL, np.zeros(3, np.float32))
    assert MatchRule().floor_for(None) > MatchRule().floor_for(uncalibrated) > MatchRule().floor_for(COHORT)
    assert MatchRule(threshold=0.2).floor_for(None) == 0.2


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
            RULE,
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
    "wrong",
    [
        {"threshold": 1.5},
        {"threshold": float("nan")},
        {"min_speech_s": -1},
        {"auto_probability": 1.0},
        {"suggest_probability": 0.0},
        {"suggest_probability": 0.97, "auto_probability": 0.95},
        {"known_prior": 0.0},
        {"known_prior": float("nan")},
    ],
)
def test_a_rule_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(OptionError):
        MatchRule(**wrong)  # type: ignore[arg-type]


def test_the_fingerprint_knows_the_people_and_not_their_order() -> None:
    assert bank(Ada=ADA, Bob=BOB).fingerprint == bank(Bob=BOB, Ada=ADA).fingerprint
    assert bank(Ada=ADA, Bob=BOB).fingerprint != bank(Ada=BOB, Bob=ADA).fingerprint
    assert bank(Ada=ADA).fingerprint != VoiceBank((VoiceProfile("Ada", (ADA, BOB)),)).fingerprint
