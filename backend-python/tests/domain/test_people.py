"""What may be written about a person, and who may read it."""

import unicodedata
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.accounts import ROLE_SCOPES, Principal, Role
from scribe.domain.errors import OptionError
from scribe.domain.meeting import UserId
from scribe.domain.people import (
    MAX_ALIASES,
    MAX_NAME_LENGTH,
    Person,
    PersonChanges,
    PersonId,
    clean_aliases,
    clean_changes,
    clean_name,
    clean_note,
    is_called,
    may_change_person,
    may_read_person,
    search_text,
    sort_name,
)

OWNER, OTHER = UserId(UUID(int=1)), UserId(UUID(int=2))
NOW = datetime(2026, 3, 4, tzinfo=UTC)
CLAIRE = Person(PersonId(UUID(int=3)), OWNER, "Claire Martin", ("CM",), "", False, 1, NOW, NOW)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("user_id", [OWNER, OTHER])
@pytest.mark.parametrize("is_shared", [False, True])
def test_who_may_change_a_person_may_read_it_and_sharing_lets_nobody_change_it(
    role: Role, user_id: UserId, *, is_shared: bool
) -> None:
    who = Principal(user_id, "somebody", role, ROLE_SCOPES[role])
    may_change = may_change_person(who, OWNER)
    assert may_change == (user_id == OWNER or role is Role.ADMIN)
    assert may_read_person(who, OWNER, is_shared=is_shared) == (may_change or is_shared)


@given(st.text())
def test_a_clean_name_stays_as_it_is_and_stands_on_one_line(text: str) -> None:
    try:
        name = clean_name(text)
    except OptionError:
        return
    assert clean_name(name) == name
    assert 1 <= len(name) <= MAX_NAME_LENGTH
    assert name == unicodedata.normalize("NFC", name)
    assert not any(character in name for character in "\0\n\r\t\u2028\u2029\u202e")
    name.encode()


@given(st.text(max_size=60))
def test_a_person_goes_by_their_name_however_it_is_typed(text: str) -> None:
    try:
        name = clean_name(text)
    except OptionError:
        return
    typed = unicodedata.normalize("NFD", f"  {name} ")
    assert is_called(typed, name, ())
    assert is_called(typed, "Somebody Else", (name,))
    assert len(sort_name(name)) <= MAX_NAME_LENGTH


def test_case_accents_and_spaces_do_not_tell_two_names_apart_and_letters_do() -> None:
    assert is_called("helene  ETIENNE", "Hélène Étienne", ())
    assert not is_called("helen", "Hélène", ())
    assert not is_called("", "Hélène", ("LN",))
    assert "tresoriere" in search_text("Hélène", ("LN",), "la Trésorière")


def test_aliases_are_kept_once_and_are_not_the_name() -> None:
    assert clean_aliases(["CM", "cm", " Cm ", "Claire  MARTIN", "Mme Martin"], "Claire Martin") == ("CM", "Mme Martin")
    with pytest.raises(OptionError):
        clean_aliases([f"C{index}" for index in range(MAX_ALIASES + 1)], "Claire")
    with pytest.raises(OptionError):
        clean_aliases(["Speaker 3"], "Claire")


def test_changes_leave_out_what_was_left_out() -> None:
    assert clean_changes(PersonChanges(), CLAIRE) == PersonChanges()
    assert clean_changes(PersonChanges(name="CM", aliases=("cm", "Claire Martin")), CLAIRE) == PersonChanges(
        name="CM", aliases=("Claire Martin",)
    )


@given(st.text())
def test_a_clean_note_stays_as_it_is_and_can_be_stored(text: str) -> None:
    try:
        note = clean_note(text)
    except OptionError:
        return
    assert clean_note(note) == note
    assert "\0" not in note
    note.encode()
