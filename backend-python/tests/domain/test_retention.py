"""When something has had its time."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.retention import MAX_DAYS, InstallationRules, Rule, RuleKind, planned

TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DAYS = st.one_of(st.none(), st.floats(0.001, MAX_DAYS))
RULES = st.one_of(
    st.just(Rule()),
    st.just(Rule(RuleKind.FOR_GOOD)),
    st.builds(lambda days: Rule(RuleKind.DAYS, days), st.integers(1, MAX_DAYS)),
)
INSTALLATIONS = st.builds(InstallationRules, DAYS, DAYS)


@given(RULES, RULES, INSTALLATIONS)
def test_what_is_not_over_is_never_due(audio: Rule, results: Rule, installation: InstallationRules) -> None:
    when = planned(audio, results, installation, None)
    assert (when.audio_at, when.results_at) == (None, None)


@given(RULES, RULES, INSTALLATIONS, TIMES)
def test_a_recording_never_outlives_its_meeting(
    audio: Rule, results: Rule, installation: InstallationRules, finished_at: datetime
) -> None:
    when = planned(audio, results, installation, finished_at)
    if when.results_at is not None:
        assert when.audio_at is not None
        assert when.audio_at <= when.results_at


@given(RULES, INSTALLATIONS, TIMES, st.timedeltas(timedelta(seconds=1), timedelta(days=10_000)))
def test_another_run_moves_it_by_as_much(
    rule: Rule, installation: InstallationRules, finished_at: datetime, later: timedelta
) -> None:
    before = planned(rule, rule, installation, finished_at)
    after = planned(rule, rule, installation, finished_at + later)
    assert (before.results_at is None) == (after.results_at is None)
    if before.results_at is not None and after.results_at is not None:
        assert after.results_at - before.results_at == later


@given(INSTALLATIONS, TIMES)
def test_for_good_is_stronger_than_the_installation(installation: InstallationRules, finished_at: datetime) -> None:
    for_good = Rule(RuleKind.FOR_GOOD)
    when = planned(for_good, for_good, installation, finished_at)
    assert (when.audio_at, when.results_at) == (None, None)


@given(st.integers(1, MAX_DAYS), INSTALLATIONS, TIMES)
def test_days_of_its_own_count_from_the_end_of_the_run(
    days: int, installation: InstallationRules, finished_at: datetime
) -> None:
    own = Rule(RuleKind.DAYS, days)
    assert planned(own, own, installation, finished_at).results_at == finished_at + timedelta(days=days)


@given(RULES)
def test_a_rule_is_read_back_from_its_column_as_it_was(rule: Rule) -> None:
    assert Rule.of_column(rule.column) == rule


def test_infinity_in_the_database_is_for_good() -> None:
    assert Rule.of_column(math.inf) == Rule(RuleKind.FOR_GOOD)
