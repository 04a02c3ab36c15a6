"""What holds for any voices, banks and rules, and for any prints of a person."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe.domain.errors import VoiceprintMismatchError
from scribe.domain.voices import (
    Band,
    Calibration,
    Cohort,
    Identification,
    MatchRule,
    StoredPrint,
    VoiceBank,
    Voiceprint,
    VoiceProfile,
    match,
    profile_prints,
)

MODEL = "campplus"
DIMENSION = 4


def voice(*direction: float, speech_s: float = 10.0, model_id: str = MODEL) -> Voiceprint:
    vector = np.array(direction, np.float64)
    return Voiceprint((vector / np.linalg.norm(vector)).astype(np.float32), model_id, speech_s)


vectors = st.lists(st.floats(-1, 1, width=32), min_size=DIMENSION, max_size=DIMENSION).filter(
    lambda values: float(np.linalg.norm(values)) > 1e-3
)
prints = st.builds(lambda values, speech_s: voice(*values, speech_s=speech_s), vectors, st.floats(0, 600))
voices_of_a_meeting = st.lists(prints, max_size=6).map(
    lambda found: {f"SPEAKER_{index:02d}": print_ for index, print_ in enumerate(found)}
)
banks = st.lists(st.lists(prints, min_size=1, max_size=3), max_size=6).map(
    lambda people: VoiceBank(tuple(VoiceProfile(f"P{i}", tuple(own)) for i, own in enumerate(people)))
)
calibrations = st.none() | st.builds(
    lambda spreads, *rest: Calibration(rest[0], rest[1], max(spreads), rest[2], min(spreads), rest[3]),
    st.tuples(st.floats(0.05, 0.5), st.floats(0.05, 0.5)).filter(lambda spreads: spreads[0] != spreads[1]),
    st.floats(-1, 1),
    st.floats(0, 1),
    st.floats(-1, 1),
    st.floats(-1, 0.9),
)
cohorts = st.none() | st.builds(
    lambda values, calibration: Cohort(MODEL, (np.array(values) / 4).astype(np.float32), calibration),
    vectors,
    calibrations,
)
probabilities = st.floats(0.01, 0.999)
rules = st.builds(
    lambda bounds, *rest: MatchRule(max(bounds), min(bounds), *rest),
    st.tuples(probabilities, probabilities),
    probabilities,
    st.none() | st.floats(-1, 1),
    st.floats(0, 10),
    st.booleans(),
)
meetings = st.tuples(voices_of_a_meeting, banks, cohorts, rules)


@settings(deadline=None)
@given(meetings, st.randoms(use_true_random=False))
def test_no_order_changes_a_verdict_to_the_last_bit(meeting, random) -> None:  # type: ignore[no-untyped-def]
    voices, people, cohort, rule = meeting
    profiles = [VoiceProfile(p.name, tuple(random.sample(p.voiceprints, len(p.voiceprints)))) for p in people.profiles]
    random.shuffle(profiles)
    labels = random.sample(sorted(voices), len(voices))
    shuffled = match({label: voices[label] for label in labels}, VoiceBank(tuple(profiles)), cohort, rule)
    assert shuffled == match(voices, people, cohort, rule)


@settings(deadline=None)
@given(meetings)
def test_every_voice_gets_one_verdict_and_every_person_at_most_one_voice(meeting) -> None:  # type: ignore[no-untyped-def]
    voices, people, cohort, rule = meeting
    verdicts = match(voices, people, cohort, rule)
    assert set(verdicts) == set(voices)
    named = [verdict.candidates[0].person for verdict in verdicts.values() if verdict.name is not None]
    assert rule.may_repeat or len(named) == len(set(named))
    for label, verdict in verdicts.items():
        assert (verdict.name is not None) == (verdict.reason == "matched") == (verdict.band is Band.AUTO)
        assert verdict.explanation
        if verdict.name is not None:
            assert verdict.score is not None
            assert verdict.probability is not None
            assert verdict.name == verdict.candidate == verdict.candidates[0].name
            assert verdict.score >= rule.floor_for(cohort)
            assert verdict.probability >= rule.auto_probability
            assert voices[label].speech_s >= rule.min_speech_s


@settings(deadline=None)
@given(meetings)
def test_every_number_is_one(meeting) -> None:  # type: ignore[no-untyped-def]
    """No NaN, whatever the voices: cosines lie in [-1, 1] and probabilities in [0, 1]."""
    for verdict in match(*meeting).values():
        for score in (verdict.score, verdict.runner_up_score, *(each.score for each in verdict.candidates)):
            assert score is None or -1 <= score <= 1
        chances = [each.probability for each in verdict.candidates]
        assert all(0 <= chance <= 1 for chance in chances)
        assert sum(chances) <= 1 + 1e-9
        assert chances == sorted(chances, reverse=True)
        assert verdict.probability == (chances[0] if chances else None)


def named(verdicts: dict[str, Identification]) -> set[tuple[str, str]]:
    return {(label, verdict.name) for label, verdict in verdicts.items() if verdict.name is not None}


@settings(deadline=None)
@given(meetings, probabilities, st.floats(-1, 1))
def test_raising_a_threshold_never_adds_a_name(meeting, probability, threshold) -> None:  # type: ignore[no-untyped-def]
    voices, people, cohort, rule = meeting
    before = named(match(voices, people, cohort, rule))
    for stricter in (
        replace(rule, auto_probability=max(rule.auto_probability, probability)),
        replace(rule, threshold=max(rule.floor_for(cohort), threshold)),
    ):
        assert named(match(voices, people, cohort, stricter)) <= before


@settings(deadline=None)
@given(meetings, st.lists(prints, min_size=1, max_size=4))
def test_a_bank_that_grows_by_strangers_raises_nobodys_probability(meeting, strangers) -> None:  # type: ignore[no-untyped-def]
    voices, people, cohort, rule = meeting
    added = tuple(VoiceProfile(f"S{index}", (print_,)) for index, print_ in enumerate(strangers))
    smaller = match(voices, people, cohort, rule)
    larger = match(voices, VoiceBank((*people.profiles, *added)), cohort, rule)
    for label, verdict in smaller.items():
        was = {candidate.person: candidate.probability for candidate in verdict.candidates}
        now = {candidate.person: candidate.probability for candidate in larger[label].candidates}
        assert all(now[person] <= was[person] + 1e-12 for person in was.keys() & now.keys())
    if not rule.may_repeat:
        return
    assert {name for name in named(larger) if not name[1].startswith("S")} <= named(smaller)


@settings(deadline=None)
@given(st.lists(vectors, min_size=1, max_size=6), cohorts, rules)
def test_an_enrolled_print_scores_highest_with_itself(directions, cohort, rule) -> None:  # type: ignore[no-untyped-def]
    """Among people enrolled as long, and unless the cohort leaves nothing of it."""
    enrolled = [voice(*direction) for direction in directions]
    people = VoiceBank(tuple(VoiceProfile(f"P{index}", (print_,)) for index, print_ in enumerate(enrolled)))
    for print_ in enrolled:
        [verdict] = match({"SPEAKER_00": print_}, people, cohort, rule).values()
        if cohort is None or np.linalg.norm(print_.vector - cohort.mean) > 1e-3:
            assert verdict.score == pytest.approx(1.0, abs=1e-6)


@settings(deadline=None)
@given(vectors, vectors, st.floats(0, 1), st.floats(0, 1), cohorts, st.floats(0, 600))
def test_more_likeness_is_never_less_probable(one, other, near, nearer, cohort, speech_s) -> None:  # type: ignore[no-untyped-def]
    """A voice on the way from somebody else to Ada: the nearer by score, the likelier it is Ada."""
    ada = voice(*one)
    verdicts: list[Identification] = []
    for share in (near, nearer):
        mixed = share * ada.vector.astype(np.float64) + (1 - share) * np.array(other)
        if np.linalg.norm(mixed) > 1e-3:
            heard = {"SPEAKER_00": voice(*mixed, speech_s=speech_s)}
            verdicts += match(heard, VoiceBank((VoiceProfile("Ada", (ada,)),)), cohort, MatchRule()).values()
    verdicts.sort(key=lambda verdict: verdict.score or 0.0)
    chances = [verdict.probability or 0.0 for verdict in verdicts]
    assert chances == sorted(chances)


# ---- which prints make a profile ----

stored = st.builds(StoredPrint, prints, st.booleans())
sets_of_prints = st.lists(stored, max_size=12)


def content(chosen: tuple[Voiceprint, ...]) -> list[tuple[bytes, float]]:
    return [(print_.vector.tobytes(), print_.speech_s) for print_ in chosen]


@settings(deadline=None)
@given(sets_of_prints, st.lists(stored, max_size=4), st.integers(1, 8), st.randoms(use_true_random=False))
def test_unlearning_is_exact(kept, learned, cap, random) -> None:  # type: ignore[no-untyped-def]
    """Learn, learn others, remove in any order: bit for bit the profile that never saw them."""
    rows = [*kept, *learned]
    random.shuffle(rows)
    for gone in random.sample(learned, len(learned)):
        rows.remove(gone)
    assert content(profile_prints(rows, cap)) == content(profile_prints(kept, cap))


@settings(deadline=None)
@given(sets_of_prints.filter(len), voices_of_a_meeting, st.integers(1, 8), st.randoms(use_true_random=False))
def test_the_order_of_the_prints_changes_no_verdict(rows, voices, cap, random) -> None:  # type: ignore[no-untyped-def]
    verdicts = [
        match(voices, VoiceBank((VoiceProfile("Ada", profile_prints(order, cap)),)), None, MatchRule())
        for order in (rows, random.sample(rows, len(rows)))
    ]
    assert verdicts[0] == verdicts[1]


@settings(deadline=None)
@given(sets_of_prints, st.integers(1, 8))
def test_a_profile_is_capped_and_enrolled_prints_come_first(rows, cap) -> None:  # type: ignore[no-untyped-def]
    chosen = content(profile_prints(rows, cap))
    different = {row.voiceprint.vector.tobytes() for row in rows}
    enrolled = {row.voiceprint.vector.tobytes() for row in rows if not row.is_learned}
    assert len(chosen) == len({vector for vector, _ in chosen}) == min(cap, len(different))
    from_enrolled = [vector in enrolled for vector, _ in chosen]
    assert sum(from_enrolled) == min(cap, len(enrolled))
    assert from_enrolled == sorted(from_enrolled, reverse=True)


def test_what_is_kept_of_many_prints_is_diverse() -> None:
    """Ten of one room and two of another: a cap of two keeps one of each."""
    rooms = [voice(1, 0.01 * index, 0, 0) for index in range(10)] + [voice(0, 0, 1, 0.01 * index) for index in range(2)]
    chosen = profile_prints([StoredPrint(print_, is_learned=True) for print_ in rooms], 2)
    assert sorted(int(np.argmax(print_.vector)) for print_ in chosen) == [0, 2]


def test_learned_prints_are_chosen_for_what_the_enrolled_ones_lack() -> None:
    enrolled = StoredPrint(voice(1, 0, 0, 0), is_learned=False)
    same_room = [StoredPrint(voice(1, 0.01 * index, 0, 0), is_learned=True) for index in range(1, 6)]
    other_room = StoredPrint(voice(0, 0, 1, 0), is_learned=True)
    chosen = profile_prints([*same_room, other_room, enrolled], 2)
    assert content(chosen) == content((enrolled.voiceprint, other_room.voiceprint))


@settings(deadline=None)
@given(sets_of_prints.filter(len), st.integers(1, 8), st.sampled_from(["revision", "model"]))
def test_prints_of_two_models_never_make_one_profile(rows, cap, what) -> None:  # type: ignore[no-untyped-def]
    other = rows[0].voiceprint
    changed = (
        replace(other, model_id="resnet34") if what == "model" else replace(other, model_revision="0123456789abcdef")
    )
    with pytest.raises(VoiceprintMismatchError):
        profile_prints([*rows, StoredPrint(changed, is_learned=True)], cap)


@settings(deadline=None)
@given(voices_of_a_meeting.filter(bool), banks.filter(lambda bank: bank.profiles), cohorts)
def test_prints_of_two_revisions_are_never_compared(voices, people, cohort) -> None:  # type: ignore[no-untyped-def]
    newer = {label: replace(print_, model_revision="0123456789abcdef") for label, print_ in voices.items()}
    with pytest.raises(VoiceprintMismatchError):
        match(newer, people, cohort, MatchRule())


def test_a_cap_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="At least one"):
        profile_prints([], 0)


def test_the_verdict_fills_every_field() -> None:
    people = VoiceBank(tuple(VoiceProfile(f"P{i}", (voice(*np.eye(DIMENSION)[i]),)) for i in range(DIMENSION)))
    [verdict] = match({"SPEAKER_00": voice(1, 0.1, 0, 0)}, people, None, MatchRule()).values()
    assert all(getattr(verdict, field.name) is not None for field in fields(verdict))
    assert len(verdict.candidates) == 3
