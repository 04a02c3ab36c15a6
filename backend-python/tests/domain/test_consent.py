"""The text that people agree to is the one in the documents, and a changed text has a new version."""

import hashlib

import pytest

from scribe.domain.consent import CONSENT_TEXTS, ConsentText
from tests.conftest import REPOSITORY

PUBLISHED = {
    "en-1": "e047733be0044336ded2ff73f4986cd50834d5698dc2ce51d2f8607170324a8b",
    "fr-1": "68d69d1b242a589d9df0de508bfaa3f69f79bbb0eb3c143a26f2809c173b73a2",
}
"""Texts that somebody may have agreed to: never changed. Another text gets another version and another line here."""
PAGES = {"en": "privacy.md", "fr": "privacy.fr.md"}


@pytest.mark.parametrize("asked", CONSENT_TEXTS.values(), ids=lambda asked: asked.version)
def test_the_documents_show_the_very_text_and_its_version(asked: ConsentText) -> None:
    page = (REPOSITORY / "docs" / PAGES[asked.language]).read_text()
    shown = "\n".join(f"> {line}" if line else ">" for line in asked.text.split("\n"))
    assert shown in page
    assert f"`{asked.version}`" in page


@pytest.mark.parametrize("asked", CONSENT_TEXTS.values(), ids=lambda asked: asked.version)
def test_a_version_is_one_text_for_ever(asked: ConsentText) -> None:
    assert PUBLISHED[asked.version] == hashlib.sha256(asked.text.encode()).hexdigest()


def test_both_documents_have_the_same_sections() -> None:
    pages = [(REPOSITORY / "docs" / name).read_text().splitlines() for name in PAGES.values()]
    sections = [
        [line.split(" ")[0] for line in page if line.startswith(("#", "|", "```", "- ", ">"))] for page in pages
    ]
    assert sections[0] == sections[1]


@pytest.mark.parametrize("name", PAGES.values())
def test_what_the_pages_tell_to_type_exists(name: str) -> None:
    """Commands, settings and addresses."""
    import json
    import re

    from scribe.cli import build_app
    from scribe.core.config import setting_names

    page = (REPOSITORY / "docs" / name).read_text()
    assert set(re.findall(r"SCRIBE_[A-Z_]+", page)) <= set(setting_names())
    groups = {group.name: group.typer_instance for group in build_app().registered_groups}
    commands = {command.name for command in groups["voices"].registered_commands}  # type: ignore[union-attr]
    assert set(re.findall(r"scribe voices ([a-z]+)", page)) <= commands
    known = json.loads((REPOSITORY / "docs" / "openapi.json").read_text())["paths"]
    for method, path in re.findall(r"`(GET|PUT|POST|PATCH|DELETE) (/api/v1/[^`?]*)", page):
        parts = [
            address.split("/")
            for address, methods in known.items()
            if method.lower() in methods and address.count("/") == path.count("/")
        ]
        wanted = path.split("/")
        assert any(
            all(mine == theirs or theirs.startswith("{") for mine, theirs in zip(wanted, each, strict=True))
            for each in parts
        ), f"{method} {path}"
