"""RTTM, STM and CTM, read by strict parsers of our own and by meeteval where it is installed."""

import re

import pytest
from hypothesis import given, settings

from scribe.domain.exports.ctm import write_ctm
from scribe.domain.exports.names import file_id
from scribe.domain.exports.rttm import write_rttm
from scribe.domain.exports.stm import write_stm
from scribe.domain.results import DiarizationDocument, FusionDocument
from tests.domain.exports.meeting import french_meeting, hostile_meeting
from tests.domain.exports.strategies import meetings

Meeting = tuple[FusionDocument, DiarizationDocument]
TIME = r"\d+\.\d{3}"


@given(meetings())
@settings(deadline=None, max_examples=25)
def test_rttm_holds_every_turn_in_ten_fields(meeting: Meeting) -> None:
    _, diarization = meeting
    lines = write_rttm(diarization).splitlines()
    turns = [turn for turn in diarization.turns if turn.end > turn.start]
    assert len(lines) == len(turns)
    for written, turn in zip(lines, turns, strict=True):
        fields = written.split(" ")
        assert [*fields[:3], *fields[5:7], *fields[8:]] == ["SPEAKER", "été_2026", "1", *["<NA>"] * 4]
        assert float(fields[3]) == turn.start
        assert float(fields[4]) == pytest.approx(turn.end - turn.start, abs=1e-9)
        assert fields[7] == turn.speaker


@given(meetings())
@settings(deadline=None, max_examples=25)
def test_stm_holds_every_word_in_one_line_a_segment(meeting: Meeting) -> None:
    document, _ = meeting
    found = []
    for written in write_stm(document).split("\n")[:-1]:
        match = re.fullmatch(rf"été_2026 1 (SPEAKER_\d\d|UNKNOWN) ({TIME}) ({TIME}) (\S+(?: \S+)*)", written)
        assert match, written
        assert float(match[2]) <= float(match[3])
        found.append(match[4])
    assert not any(control in "".join(found) for control in "\r\x0b\x0c\x85\u2028")
    spoken = "".join("".join(segment.text.split()) for segment in document.segments)
    shown = "".join("".join(found).split())
    assert len(shown) <= len(spoken)
    assert [c for c in shown if c.isalnum()] == [c for c in spoken if c.isalnum()]


@given(meetings())
@settings(deadline=None, max_examples=25)
def test_ctm_words_are_in_order_and_hold_no_blank(meeting: Meeting) -> None:
    document, _ = meeting
    before = 0.0
    for written in write_ctm(document).split("\n")[:-1]:
        match = re.fullmatch(rf"été_2026 1 ({TIME}) ({TIME}) (\S+) ([01]\.\d{{4}})", written)
        assert match, written
        assert before <= float(match[1])
        before = float(match[1])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ES2003a_000-030.flac", "ES2003a_000-030"),
        ("réunion de\u00a0lundi.m4a", "réunion_de_lundi"),
        (";; comment.wav", "___comment"),
        ("a\nSPEAKER b.wav", "a_SPEAKER_b"),
        (".hidden", ".hidden"),
        ("", "recording"),
    ],
)
def test_a_file_id_is_one_token(name: str, expected: str) -> None:
    assert file_id(name) == expected


def test_meeteval_reads_our_stm() -> None:
    stm = pytest.importorskip("meeteval.io.stm")
    for document, _ in (french_meeting(), hostile_meeting()):
        lines = stm.STM.parse(write_stm(document)).lines
        spoken = [segment for segment in document.segments if segment.text.strip()]
        assert [line.speaker_id for line in lines] == [segment.speaker or "UNKNOWN" for segment in spoken]
        assert [float(line.begin_time) for line in lines] == [segment.start for segment in spoken]


def test_meeteval_reads_our_rttm() -> None:
    rttm = pytest.importorskip("meeteval.io.rttm")
    for _, diarization in (french_meeting(), hostile_meeting()):
        lines = rttm.RTTM.parse(write_rttm(diarization)).lines
        assert [line.speaker_id for line in lines] == [turn.speaker for turn in diarization.turns]
