"""What is logged, as the code has it: named events, keys that were decided on, no message that may quote somebody."""

import ast
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import scribe
from scribe.core.logging import LibraryLines
from tests.conftest import REPOSITORY

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
KEYS = frozenset(
    """
    address attempt check chore code consent_id database device ending error event failure folder hash is_active
    is_reused key kind level library meeting_id method model names_version new_id other_id person_id pid policy report
    request_id role route run scopes stage status step token_id trace upload_id user_id what why worker_id

    budget_mb cancelled changed cpu_seconds expired failed files folders has_consent last_sequence meetings num_new
    num_passages of orphans peak_mb people prints reads recordings removed retried retry_s seconds sequence unsaid
    voiceprints waiting

    advice detail message path reason
    """.split()  # noqa: SIM905 -- to be read
)
"""Whose and which (ids, labels); how many, how much, how long; sentences about machines: ours (domain/errors.py), the
operating system's, a library's without its arguments. A new key is a decision: it must hold no text and no name."""


def calls() -> Iterator[tuple[Path, ast.Call, list[str]]]:
    """Every call that logs, with the classes of exceptions of the handler it stands in."""
    for path in sorted(Path(scribe.__file__).parent.rglob("*.py")):
        yield from _calls_in(path, ast.parse(path.read_text()), [])


def _calls_in(path: Path, node: ast.AST, caught: list[str]) -> Iterator[tuple[Path, ast.Call, list[str]]]:
    if isinstance(node, ast.ExceptHandler):
        caught = (
            [name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)] if node.type else ["BaseException"]
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
        logger = ast.unparse(node.func.value)
        if logger in {"get_logger()", "log"}:
            yield path, node, caught
    for child in ast.iter_child_nodes(node):
        yield from _calls_in(path, child, caught)


def test_events_have_names_and_their_keys_were_decided_on() -> None:
    found = list(calls())
    assert len(found) > 80, "the search finds them"
    for path, call, _ in found:
        where = f"{path.name}:{call.lineno}"
        assert len(call.args) == 1, f"{where}: an event and keys, no prose"
        event = call.args[0]
        if isinstance(event, ast.Constant):
            assert re.fullmatch(r"[a-z_]+\.[a-z_]+", str(event.value)), where
        else:
            assert isinstance(event, ast.Name), f"{where}: a name put together from something"
        for keyword in call.keywords:
            assert keyword.arg is None or keyword.arg in KEYS, f"{where}: may `{keyword.arg}` be logged?"


def test_the_message_of_an_error_that_is_not_ours_is_never_logged() -> None:
    """A driver's message quotes what was sent to it."""
    for path, call, caught in calls():
        if {"Exception", "BaseException", "DBAPIError"} & set(caught):
            said = [ast.unparse(keyword.value) for keyword in call.keywords]
            assert not [value for value in said if re.search(r"\bstr\(error\)|\brepr\(error\)|^error$", value)], (
                f"{path.name}:{call.lineno}"
            )


def test_what_libraries_log_is_told_without_what_they_quote(capsys: pytest.CaptureFixture[str]) -> None:
    library, lines = logging.getLogger("uvicorn.test"), LibraryLines()
    library.addHandler(lines)
    library.propagate = False
    who = "Zo\N{LATIN SMALL LETTER E WITH ACUTE}"
    try:
        int(who)
    except ValueError:
        library.exception("It broke: %s\nTask of " + who, who)
    finally:
        library.removeHandler(lines)
    said = capsys.readouterr()
    assert "It broke: %s" in said.out + said.err
    assert "ValueError" in said.out + said.err
    assert who not in said.out + said.err


def test_every_event_that_the_docs_speak_of_is_there() -> None:
    source = "\n".join(path.read_text() for path in Path(scribe.__file__).parent.rglob("*.py"))
    page = (REPOSITORY / "docs/monitoring.md").read_text().partition("Events worth an alarm")[2]
    told = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", page))
    assert len(told) > 40
    assert {event for event in told if f'"{event}"' not in source} == set()
