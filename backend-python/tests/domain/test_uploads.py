"""What can be said of an upload without touching its bytes' storage."""

import os
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.meeting import Priority
from scribe.domain.requests import MeetingDraft, RunOptions
from scribe.domain.uploads import draft_from_json, draft_to_json, looks_like_text, new_piece_name, piece_sizes


def test_a_draft_survives_its_json() -> None:
    draft = MeetingDraft(
        title="Comité",
        held_on=date(2026, 11, 22),
        notes="À relire",
        tags=("budget", "équipe"),
        file_name="a.m4a",
        media_type="audio/mp4",
        priority=Priority.HIGH,
        options=RunOptions(language="fr", vocabulary=("Brocksley",), voices=("Claire",)),
        is_duplicate_welcome=True,
    )
    assert draft_from_json(draft_to_json(draft)) == draft
    assert draft_from_json(draft_to_json(MeetingDraft())) == MeetingDraft()


@given(st.lists(st.integers(min_value=1, max_value=10**12), min_size=1, max_size=20))
def test_piece_names_are_in_the_order_of_their_bytes_and_tell_their_sizes(sizes: list[int]) -> None:
    offsets = [sum(sizes[:index]) for index in range(len(sizes))]
    names = [new_piece_name(offset) for offset in offsets]
    assert piece_sizes(names, sum(sizes)) == sizes
    assert sorted(names) == names


def test_no_piece_is_named_like_another_one() -> None:
    assert new_piece_name(0) != new_piece_name(0)


@pytest.mark.parametrize(
    "start",
    [
        b"<!doctype html>" + b" " * 300,
        ("Procès-verbal de la séance du 21 novembre. " * 20).encode(),
        ("é" * 400).encode()[:501],  # cut in the middle of a character
        b"#EXTM3U\n" + b"http://example.org/a.mp3\n" * 20,
    ],
)
def test_text_is_recognised(start: bytes) -> None:
    assert looks_like_text(start)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"short text",
        b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + b"A" * 1000,
        b"#!AMR\n" + b"\x3c\x48\xf5\x1f" * 200,
        b"ID3\x04\x00\x00" + b"A" * 1000,
        b"A" * 500 + b"\xff\xfb" + b"A" * 500,
        b"\x00" * 1000,
        os.urandom(1000),
    ],
)
def test_in_every_doubt_it_is_not_text(start: bytes) -> None:
    assert not looks_like_text(start)
