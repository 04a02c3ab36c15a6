"""SRT and VTT, read back by parsers that accept nothing out of the ordinary."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings

from scribe.domain.coverage import Coverage
from scribe.domain.exports.cues import LONGEST_MS, cues
from scribe.domain.exports.layout import width
from scribe.domain.exports.names import names_or_labels
from scribe.domain.exports.srt import _harmless, _shortened, write_srt
from scribe.domain.exports.vtt import write_vtt
from scribe.domain.results import DiarizationDocument, FusionDocument
from scribe.domain.speech import Segment
from scribe.domain.typography import single_line, typeset
from tests.domain.exports.meeting import french_meeting, fusion_document, hostile_meeting, line, run_facts
from tests.domain.exports.strategies import meetings

LINE_WIDTH = 42

Meeting = tuple[FusionDocument, DiarizationDocument]


@dataclass(frozen=True)
class Parsed:
    number: int
    start_ms: int
    end_ms: int
    lines: list[str]


def parse(text: str, separator: str) -> list[Parsed]:
    """Blocks of number, time line and one or two lines, one blank line between them; anything else is an error."""
    if not text:
        return []
    assert text.endswith("\n")
    found = []
    for block in text[:-1].split("\n\n"):
        number, times, *lines = block.split("\n")
        time = rf"(\d\d):([0-5]\d):([0-5]\d){re.escape(separator)}(\d{{3}})"
        match = re.fullmatch(f"{time} --> {time}", times)
        assert match, times
        parts = [int(part) for part in match.groups()]
        start_ms, end_ms = (((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (parts[:4], parts[4:]))
        assert 1 <= len(lines) <= 2
        assert all(part.strip() for part in lines)
        found.append(Parsed(int(number), start_ms, end_ms, lines))
    assert [cue.number for cue in found] == list(range(1, len(found) + 1))
    return found


def parse_vtt(text: str) -> list[Parsed]:
    head, _, rest = text.partition("\n")
    assert head == "WEBVTT"
    if not rest:
        return []
    assert rest.startswith("\n")
    return parse(rest[1:], ".")


def said(document: FusionDocument) -> str:
    """Everything visible, in the order in which cues would show it if nobody spoke at once, as characters."""
    text = "".join(typeset(segment.text, segment.language) for segment in document.segments)
    return "".join(sorted("".join(text.split())))


def assert_readable(found: list[Parsed]) -> None:
    for cue in found:
        assert cue.start_ms < cue.end_ms
        assert cue.end_ms - cue.start_ms <= LONGEST_MS
    for cue, following in pairwise(found):
        assert cue.end_ms <= following.start_ms


def assert_narrow(lines: list[str]) -> None:
    """A wide line holds one unbreakable word and nothing else."""
    for written in lines:
        assert width(written) <= LINE_WIDTH or " " not in written.strip()


@given(meetings())
@settings(deadline=None, max_examples=40)
def test_srt_parses_back_with_every_word_and_no_overlap(meeting: Meeting) -> None:
    document, _ = meeting
    found = parse(write_srt(document), ",")
    assert_readable(found)
    prefixes = sorted((_harmless(f"{_shortened(name)}:") for name in names_or_labels(document).values()), key=len)
    texts = []
    for cue in found:
        assert all("-->" not in written for written in cue.lines)
        assert_narrow(cue.lines[1:])
        prefix = next((prefix for prefix in prefixes[::-1] if cue.lines[0].startswith(prefix)), "")
        texts += [cue.lines[0].removeprefix(prefix), *cue.lines[1:]]
    changed = str.maketrans("", "", "<‹{(->→")  # what SubRip would take for mark-up is written otherwise
    shown = "".join(sorted("".join("".join(texts).split())))
    assert shown.translate(changed) == said(document).translate(changed)


@given(meetings())
@settings(deadline=None, max_examples=40)
def test_vtt_parses_back_with_every_word_and_no_overlap(meeting: Meeting) -> None:
    document, _ = meeting
    found = parse_vtt(write_vtt(document))
    assert_readable(found)
    names = set(names_or_labels(document).values())
    texts = []
    for cue in found:
        payload = "\n".join(cue.lines)
        voice = re.match(r"<v ([^<>\n]+)>", payload)
        if voice:
            assert html.unescape(voice[1]) in names
            payload = payload[voice.end() :]
        assert not re.search(r"[<>]", payload)
        assert not re.search(r"&(?!amp;|lt;|gt;)", payload)
        plain = [
            written.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for written in payload.split("\n")
        ]
        assert_narrow(plain)
        texts += plain
    assert "".join(sorted("".join("".join(texts).split()))) == said(document)


@pytest.mark.parametrize("meeting", [french_meeting, hostile_meeting])
def test_a_line_with_the_name_is_within_the_width(meeting: Callable[[], Meeting]) -> None:
    document, _ = meeting()
    for cue in parse(write_srt(document), ","):
        assert_narrow(cue.lines)


def one_segment(*segments: Segment) -> FusionDocument:
    coverage = Coverage(100.0, 0.0, 0.0, 0.0, 100.0, ())
    return fusion_document(list(segments), coverage, {}, run_facts("a.wav", 100.0))[0]


def test_a_long_sentence_is_cut_at_its_commas() -> None:
    document = one_segment(
        line(
            0.0,
            9.0,
            0,
            "D'abord le budget de l'année prochaine, ensuite le déménagement de juin, et enfin la date de la fête.",
        )
    )
    shown = [" ".join(cue.lines) for cue in cues(document, lambda _label: 0)]
    assert len(shown) == 2
    assert shown[0].endswith(",")


def test_a_short_answer_stays_on_screen_until_it_can_be_read() -> None:
    (cue,) = cues(one_segment(line(5.0, 5.2, 0, "Oui.")), lambda _label: 0)
    assert (cue.start_ms, cue.end_ms) == (5000, 5833)


def test_an_interruption_waits_until_the_sentence_can_be_read() -> None:
    document = one_segment(
        line(0.0, 4.0, 0, "Nous avons trois points à l'ordre du jour."), line(0.5, 4.0, 1, "Attendez, je cherche.")
    )
    first, second = cues(document, lambda _label: 0)
    assert first.end_ms == second.start_ms
    assert first.end_ms - first.start_ms > 2000
    assert second.end_ms - second.start_ms > 1000


def test_text_in_a_script_without_spaces_is_broken() -> None:
    document = one_segment(line(0.0, 8.0, 0, "本日はお集まりいただきありがとうございます。" * 3, "ja"))
    for cue in cues(document, lambda _label: 0):
        assert all(width(written) <= LINE_WIDTH for written in cue.lines)
        assert all(not written.startswith("。") for written in cue.lines)


def test_a_family_of_emoji_is_never_torn_apart() -> None:
    document = one_segment(line(0.0, 8.0, 0, "👩‍👩‍👧‍👦" * 30, "en"))
    families = "".join(written for cue in cues(document, lambda _label: 0) for written in cue.lines)
    lines = [written for cue in cues(document, lambda _label: 0) for written in cue.lines]
    assert families == "👩‍👩‍👧‍👦" * 30
    assert all(not written.startswith("\u200d") and not written.endswith("\u200d") for written in lines)


def test_names_cannot_leave_their_line() -> None:
    document, _ = hostile_meeting()
    assert single_line(document.speakers[0].name or "") in names_or_labels(document).values()
    assert "\n# Boss" not in write_srt(document) + write_vtt(document)
