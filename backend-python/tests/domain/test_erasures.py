"""A tombstone comes back from storage as it was, and says nothing about whom it was."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.erasures import Tombstone, new_pseudonym
from scribe.domain.errors import ArtefactError, OptionError
from scribe.domain.people import NamePolicy, PersonId, VoiceprintId, clean_name

moments = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- hypothesis adds the zone


@given(
    person_id=st.uuids(),
    erased_at=moments,
    policy=st.sampled_from([*NamePolicy, None]),
    pseudonym=st.none() | st.just("P-7F3A2C"),
    prints=st.lists(st.uuids(), max_size=3),
)
def test_what_is_stored_is_read_again(
    person_id: UUID, erased_at: datetime, policy: NamePolicy | None, pseudonym: str | None, prints: list[UUID]
) -> None:
    stone = Tombstone(PersonId(person_id), erased_at, policy, pseudonym, tuple(map(VoiceprintId, prints)))
    assert Tombstone.from_json(stone.to_json()) == stone


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"person_id": "x"}', b'{"person_id": 3}'])
def test_what_cannot_be_read_is_an_error(content: bytes) -> None:
    with pytest.raises(ArtefactError):
        Tombstone.from_json(content)


def test_a_made_up_name_may_stand_in_minutes_and_is_no_label() -> None:
    name = new_pseudonym()
    try:
        assert clean_name(name) == name
    except OptionError:
        pytest.fail(f"{name} is no name")
