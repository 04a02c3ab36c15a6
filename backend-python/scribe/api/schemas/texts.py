"""Kinds of text that clients send, and what each may hold.

Owns trimming, lengths, and what is refused everywhere: NUL, which PostgreSQL cannot store, and other controls in what
must stay on one line.

Usage::

    class MeetingChangesIn(BaseModel):
        title: Title | None = None
"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from scribe.domain.errors import OptionError
from scribe.domain.meetings import MAX_FILE_NAME_LENGTH, MAX_NOTES_LENGTH, MAX_TAG_LENGTH, MAX_TITLE_LENGTH
from scribe.domain.people import (
    MAX_GIVEN_BY_LENGTH,
    MAX_NAME_LENGTH,
    MAX_NOTE_LENGTH,
    MAX_TEXT_VERSION_LENGTH,
    clean_name,
)
from scribe.domain.requests import MAX_TERM_LENGTH


def _one_line(text: object) -> object:
    return " ".join(text.split()) if isinstance(text, str) else text


def _plain_line_breaks(text: object) -> object:
    return text.replace("\r\n", "\n").strip() if isinstance(text, str) else text


def _storable(text: str) -> str:
    """JSON can write both; PostgreSQL has no NUL, and a lone surrogate is no character."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must not hold NUL or lone surrogates")
    return text


def _without_controls(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("must not hold control characters")
    return text


def _fit_for_a_person(text: str) -> str:
    try:
        return clean_name(text)
    except OptionError as error:
        raise ValueError(str(error)) from error


_COLLAPSED = BeforeValidator(_one_line)
_CLEAN = AfterValidator(_without_controls)

Title = Annotated[str, _COLLAPSED, StringConstraints(min_length=1, max_length=MAX_TITLE_LENGTH), _CLEAN]
Tag = Annotated[str, _COLLAPSED, StringConstraints(min_length=1, max_length=MAX_TAG_LENGTH), _CLEAN]
Term = Annotated[str, _COLLAPSED, StringConstraints(min_length=1, max_length=MAX_TERM_LENGTH), _CLEAN]
"""A word or name of a vocabulary."""
VoiceName = Annotated[str, _COLLAPSED, StringConstraints(min_length=1, max_length=MAX_TERM_LENGTH), _CLEAN]
FileName = Annotated[str, _COLLAPSED, StringConstraints(max_length=MAX_FILE_NAME_LENGTH), _CLEAN]
SearchText = Annotated[str, _COLLAPSED, StringConstraints(max_length=MAX_TITLE_LENGTH), _CLEAN]
Notes = Annotated[
    str,
    BeforeValidator(_plain_line_breaks),
    StringConstraints(max_length=MAX_NOTES_LENGTH),
    AfterValidator(_storable),
]
PersonName = Annotated[
    str,
    _COLLAPSED,
    StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH),
    AfterValidator(_fit_for_a_person),
]
PersonNote = Annotated[
    str,
    BeforeValidator(_plain_line_breaks),
    StringConstraints(max_length=MAX_NOTE_LENGTH),
    AfterValidator(_storable),
]
GivenBy = Annotated[str, _COLLAPSED, StringConstraints(min_length=1, max_length=MAX_GIVEN_BY_LENGTH), _CLEAN]
TextVersion = Annotated[str, _COLLAPSED, StringConstraints(min_length=1, max_length=MAX_TEXT_VERSION_LENGTH), _CLEAN]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
"""What a result file calls a voice: `SPEAKER_00`."""
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
"""ISO 639; which of them a model knows is the model's business."""
ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
"""Of the catalogue (`scribe models list`); the API knows no catalogue, the worker refuses what is not in it."""


def distinct(texts: list[str]) -> list[str]:
    """The first of equal ones stays where it is; case does not tell two apart."""
    return list({text.casefold(): text for text in reversed(texts)}.values())[::-1]
