"""A chain of entries: whatever is changed in it, moved or taken out of it is seen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.audit import (
    GENESIS,
    NO_HEAD,
    Action,
    Actor,
    ActorKind,
    ChainBroken,
    Entry,
    Head,
    NewEntry,
    Proof,
    chained,
    hash_of,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
IDS = [UUID(int=number) for number in range(1, 6)]
CHANGES: dict[str, Any] = {
    "sequence": 99,
    "at": NOON + timedelta(microseconds=1),
    "action": "meeting.created",
    "actor_kind": "program",
    "actor_id": IDS[4],
    "token_id": None,
    "meeting_id": None,
    "person_id": IDS[4],
    "subject_id": IDS[4],
    "detail": {"format": "docx", "pages": 3},
    "previous": bytes(32),
    "hash": bytes(32),
}


def a_chain(length: int = 5, last: Head = NO_HEAD) -> list[Entry]:
    entries = []
    for number in range(length):
        new = NewEntry(
            Action.TRANSCRIPT_EXPORTED,
            Actor(ActorKind.TOKEN, IDS[0], IDS[1]),
            NOON + timedelta(seconds=number),
            meeting_id=IDS[2],
            detail={"format": "pdf", "pages": 3, "is_long": True, "labels": ["é"]},
        )
        entries.append(chained(last, new))
        last = Head(entries[-1].sequence, entries[-1].hash)
    return entries


def prove(entries: Sequence[Entry]) -> Proof:
    proof = Proof()
    for entry in entries:
        proof.add(entry)
    proof.end()
    return proof


def test_what_nobody_touched_is_proved() -> None:
    entries = a_chain()
    assert prove(entries).head == Head(5, entries[-1].hash)


def test_the_hash_is_what_an_auditor_computes_without_this_program() -> None:
    """SHA-256 over a line that names the form, the hash before, and the JSON with sorted keys."""
    import hashlib

    (entry,) = a_chain(1)
    line = (
        '{"action":"transcript.exported","actor_id":"00000000-0000-0000-0000-000000000001","actor_kind":"token",'
        '"at":"2026-11-21T12:00:00.000000+00:00","detail":{"format":"pdf","is_long":true,"labels":["\\u00e9"],'
        '"pages":3},"meeting_id":"00000000-0000-0000-0000-000000000003","person_id":null,"sequence":1,'
        '"subject_id":null,"token_id":"00000000-0000-0000-0000-000000000002"}'
    )
    assert entry.hash == hashlib.sha256(b"scribe audit 1\n" + bytes(32) + line.encode()).digest()


@pytest.mark.parametrize("field", CHANGES)
def test_a_change_of_any_field_is_seen_where_it_was_made(field: str) -> None:
    entries = a_chain()
    entries[2] = replace(entries[2], **{field: CHANGES[field]})
    with pytest.raises(ChainBroken) as broken:
        prove(entries)
    assert broken.value.sequence == 3


@given(st.integers(0, 4), st.sampled_from(sorted(set(CHANGES) - {"hash", "previous", "sequence"})))
def test_a_change_with_a_hash_to_match_breaks_the_entry_after_it(place: int, field: str) -> None:
    entries = a_chain()
    forged = replace(entries[place], **{field: CHANGES[field]})
    entries[place] = replace(forged, hash=hash_of(forged))
    if place == len(entries) - 1:  # only a head that was kept elsewhere can tell
        assert prove(entries).head.hash != a_chain()[-1].hash
        return
    with pytest.raises(ChainBroken) as broken:
        prove(entries)
    assert broken.value.sequence == place + 2


@given(st.permutations(range(5)))
def test_another_order_is_seen(order: list[int]) -> None:
    entries = a_chain()
    if order != sorted(order):
        with pytest.raises(ChainBroken):
            prove([entries[place] for place in order])


@given(st.integers(1, 3), st.integers(1, 3))
def test_entries_taken_out_of_the_middle_are_missed(first: int, count: int) -> None:
    entries = a_chain()
    left = entries[:first] + entries[first + count :]
    if left[-1] is entries[-1]:
        with pytest.raises(ChainBroken) as broken:
            prove(left)
        assert broken.value.sequence == first + 1


def test_a_tail_that_was_cut_off_is_seen_by_the_head_alone() -> None:
    entries = a_chain()
    assert prove(entries[:3]).head != prove(entries).head


def test_a_beginning_is_missed_unless_an_entry_says_that_it_was_removed() -> None:
    entries = a_chain()
    with pytest.raises(ChainBroken) as broken:
        prove(entries[2:])
    assert broken.value.sequence == 2
    last = Head(entries[-1].sequence, entries[-1].hash)
    detail = {"removed": 2, "last_sequence": 2, "last_hash": entries[1].hash.hex()}
    pruned = chained(last, NewEntry(Action.AUDIT_PRUNED, Actor(ActorKind.PROGRAM), NOON, detail=detail))
    assert prove([*entries[2:], pruned]).count == 4
    with pytest.raises(ChainBroken):
        prove([*entries[3:], pruned])


def test_a_chain_that_begins_anew_is_no_beginning() -> None:
    forged = replace(a_chain(1)[0], previous=b"x" * 32)
    with pytest.raises(ChainBroken):
        prove([replace(forged, hash=hash_of(forged))])
    assert a_chain(1)[0].previous == GENESIS
