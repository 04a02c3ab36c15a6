"""The Markdown minutes, rendered: what people see is what was said, and nothing that was said became mark-up."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from scribe.domain.coverage import Coverage
from scribe.domain.exports.markdown import escape, escape_inline, write_markdown
from scribe.domain.results import DiarizationDocument, FusionDocument
from scribe.domain.speech import Span
from scribe.domain.typography import single_line, typeset
from tests.domain.exports.meeting import french_meeting, fusion_document, hostile_meeting, line, run_facts
from tests.domain.exports.strategies import meetings

OURS = {
    "inline", "text", "code_inline", "hr",
    *(f"{name}_{side}" for side in ("open", "close") for name in (
        "heading", "paragraph", "blockquote", "bullet_list", "list_item", "strong", "em",
        "table", "thead", "tbody", "tr", "th", "td",
    )),
}  # fmt: skip
"""What our own layout is made of. A link, an image, HTML, a code block or a deletion came from somebody's words."""


def render(page: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(page)


def everything(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from everything(token.children or [])


def visible(tokens: list[Token]) -> str:
    return "".join(token.content for token in everything(tokens) if token.type in {"text", "code_inline"})


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40).map(single_line))
@example("<script>alert(1)</script>")
@example("[click](javascript:alert(1)) ![x](y) [^1] <https://a.b>")
@example("1. one")
@example("- - -")
@example("`a` ``b`` *c* **d** _e_ __f__ ~~g~~ $h$ &amp; &#60; \\* {{i}} | j |")
@example("# a ## b #")
@example("===")
@settings(deadline=None)
def test_escaped_text_reads_as_it_was_said(text: str) -> None:
    for page in (
        escape(text),
        f"> - {escape(text)}",
        f"# {escape_inline(text)}",
        f"| a |\n| - |\n| {escape_inline(text)} |",
    ):
        found = render(page)
        assert {token.type for token in everything(found)} <= OURS
        shown = visible(found)
        assert (shown.removeprefix("a") if page.startswith("| a") else shown).strip() == text.strip()


@given(meetings())
@settings(deadline=None, max_examples=40)
def test_no_meeting_can_inject_mark_up(meeting: tuple[FusionDocument, DiarizationDocument]) -> None:
    document, _ = meeting
    found = render(write_markdown(document, "fr"))
    assert {token.type for token in everything(found)} <= OURS
    shown = "".join(visible(found).split())
    for segment in document.segments:
        assert "".join(typeset(segment.text, segment.language).split()) in shown


@pytest.mark.parametrize("address", ["https://evil.example", "www.evil.example", "boss@evil.example"])
def test_an_address_is_no_link_on_github(address: str) -> None:
    assert address not in escape(f"see {address}")


def test_only_our_own_headings_are_headings() -> None:
    document, _ = hostile_meeting()
    headings = re.findall(r"^#+ .*", write_markdown(document, "en"), re.MULTILINE)
    assert [heading.split(" ")[0] for heading in headings] == ["#", "##", "##"]


def test_the_head_tells_title_date_duration_and_languages_in_french() -> None:
    page = write_markdown(french_meeting()[0], "fr")
    assert page.startswith(
        "# Réunion de rentrée\n\nTranscrit le 21\u00a0novembre 2026 · Durée\u202f: 1\u00a0h\u00a002\u00a0min · "
    )
    assert "Langues\u202f: français, anglais" in page


def test_participants_are_listed_with_talk_time_and_share() -> None:
    page = write_markdown(french_meeting()[0], "en")
    assert "| **Claire Fontaine** | 17\u00a0s | ████░░░░░░ 39% | recognised (0.82) | `SPEAKER_00` |" in page
    assert "| **Speaker\u00a02** | 18\u00a0s | ████░░░░░░ 41% | unknown | `SPEAKER_01` |" in page


def test_doubtful_words_are_in_italics_and_explained() -> None:
    page = write_markdown(french_meeting()[0], "fr")
    assert "je préfère *juin.*" in page
    assert "Les mots en *italique* sont douteux" in page


def test_without_doubtful_words_there_is_no_explanation() -> None:
    assert "*italics*" not in write_markdown(hostile_meeting()[0], "en")


def test_inaudible_passages_stand_where_they_were() -> None:
    page = write_markdown(french_meeting()[0], "fr")
    before, after = page.index("je préfère"), page.index("We signed")
    assert before < page.index("> `00:00:24` passage inaudible, 6\u00a0s") < after


def test_without_a_diarization_nobody_is_called_unknown() -> None:
    coverage = Coverage(10.0, 4.0, 0.0, 2.0, 4.0, (Span(0.0, 2.0),))
    document, _ = fusion_document([line(2.0, 6.0, None, "Bonjour.")], coverage, {}, run_facts("a.wav", 10.0))
    page = write_markdown(document, "fr")
    assert "## Participants" not in page
    assert "inconnu" not in page
    assert "`00:00:02`\n\nBonjour.\n" in page


def test_silence_is_said_in_words() -> None:
    coverage = Coverage(10.0, 0.0, 0.0, 0.0, 10.0, ())
    document, _ = fusion_document([], coverage, {}, run_facts("a.wav", 10.0))
    assert "Aucune parole n’a été entendue" in write_markdown(document, "fr")
    assert "Nobody was heard" in write_markdown(document, "en")


def test_the_foot_names_the_models_and_the_version() -> None:
    page = write_markdown(french_meeting()[0], "en")
    assert page.endswith(
        "Smart Meeting Scribe 1.2.3, 21\u00a0November 2026 at 14:03 (UTC)."
        " Models: segmentation-3.0, campplus, whisper-base.\n"
    )


def test_a_long_speech_shows_the_time_again() -> None:
    segments = [line(t, t + 10.0, 0, "mot " * 60 + "fin.") for t in (0.0, 40.0, 80.0)]
    coverage = Coverage(100.0, 30.0, 0.0, 0.0, 70.0, ())
    document, _ = fusion_document(segments, coverage, {}, run_facts("a.wav", 100.0))
    stamps = re.findall(r"^`(\d\d:\d\d:\d\d)` mot", write_markdown(document, "fr"), re.MULTILINE)
    assert stamps == ["00:01:20"]
