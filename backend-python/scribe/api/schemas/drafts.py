"""What a client wishes for: options of a run, and everything else about a meeting that is being uploaded.

Owns reading them from JSON, query parameters and tus metadata alike, in one model for each; their meaning and their
limits are ``domain/requests.py``'s.

Usage::

    draft = draft_from({"title": "Comité", "language": "fr", "speakers": "3", "tags": "budget, équipe"})
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from scribe.api.schemas.texts import FileName, LanguageCode, ModelName, Notes, Tag, Term, Title, VoiceName, distinct
from scribe.domain.errors import OptionError
from scribe.domain.meeting import Priority
from scribe.domain.meetings import MAX_TAGS
from scribe.domain.requests import MAX_SPEAKERS, MAX_VOCABULARY, MeetingDraft, RunOptions, VoiceChoice

MAX_VOICES = 200
MAX_LANGUAGES = 10
Speakers = Annotated[int, Field(ge=1, le=MAX_SPEAKERS)]


def _auto_is_none(language: object) -> object:
    return None if isinstance(language, str) and language in {"auto", ""} else language


Language = Annotated[LanguageCode | None, BeforeValidator(_auto_is_none)]


class OptionsIn(BaseModel):
    """How a recording is to be processed. What is left out has its default, or stays as it was in the run before."""

    model_config = ConfigDict(
        extra="forbid",
        use_attribute_docstrings=True,
        json_schema_extra={"example": {"language": "fr", "speakers": 3, "vocabulary": ["Brocksley", "échéancier"]}},
    )

    language: Language = None
    """ISO 639-1; `auto` or null: found by itself."""
    allowed_languages: Annotated[list[LanguageCode], Field(max_length=MAX_LANGUAGES)] = []
    """When the language is found by itself: only these come into question. Empty: all."""
    speakers: Speakers | None = None
    """How many people speak, when it is known exactly."""
    min_speakers: Speakers | None = None
    max_speakers: Speakers | None = None
    vocabulary: Annotated[list[Term], Field(max_length=MAX_VOCABULARY)] = []
    """Names and jargon to be expected."""
    model: ModelName | None = None
    """Catalogue name; null: the one this installation prefers."""
    voices: Literal["all", "none"] | Annotated[list[VoiceName], Field(max_length=MAX_VOICES)] = "all"
    """Which known voices to look for: all, none, or these names."""
    reading_language: Literal["fr", "en"] | None = None
    """Of headings and notes in what people read; null: that of the meeting."""

    @model_validator(mode="after")
    def _counts_agree(self) -> Self:
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise ValueError("min_speakers is larger than max_speakers")
        if self.speakers and not (self.min_speakers or 1) <= self.speakers <= (self.max_speakers or MAX_SPEAKERS):
            raise ValueError("speakers is not between min_speakers and max_speakers")
        return self

    def options(self) -> RunOptions:
        voices: VoiceChoice = self.voices if isinstance(self.voices, str) else tuple(distinct(self.voices))
        return RunOptions(
            language=self.language,
            allowed_languages=tuple(dict.fromkeys(self.allowed_languages)),
            speakers=self.speakers,
            min_speakers=self.min_speakers,
            max_speakers=self.max_speakers,
            vocabulary=tuple(distinct(self.vocabulary)),
            model=self.model,
            voices=voices,
            reading_language=self.reading_language,
        )

    def over(self, before: RunOptions) -> RunOptions:
        """``before`` with what was sent in its place. Raises: OptionError when the two together make no sense."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        try:
            return OptionsIn.model_validate({**_as_sent(before), **sent}).options()
        except ValidationError as error:
            raise OptionError(f"With the options of the run before: {_sentence(error)}.") from error


def _as_sent(options: RunOptions) -> dict[str, Any]:
    return {name: list(item) if isinstance(item, tuple) else item for name, item in options.to_json().items()}


class DraftFields(BaseModel):
    """A new meeting, as query parameters or as tus metadata: every value is one text; lists are separated by commas
    or line breaks."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    title: Title | None = Field(default=None, examples=["Comité du 21 novembre"])
    """Left out: the file's name without its extension."""
    held_on: date | None = None
    """The day of the meeting, `2026-11-21`."""
    notes: Notes = ""
    tags: str = Field(default="", max_length=2_000, examples=["budget, équipe"])
    """Separated by commas."""
    file_name: FileName | None = Field(default=None, examples=["comite.m4a"])
    """As the user's computer calls it; shown, and offered when the recording is downloaded."""
    media_type: Annotated[str, Field(max_length=200, pattern=r"^[\x20-\x7e]*$")] | None = Field(
        default=None, examples=["audio/mp4"]
    )
    """As the user's computer says; what the file really is is found out by looking inside."""
    priority: Literal["low", "normal", "high"] = "normal"
    language: Language = None
    """ISO 639-1; `auto` or left out: found by itself."""
    allowed_languages: str = Field(default="", max_length=200, examples=["fr,en"])
    """When the language is found by itself: only these come into question."""
    speakers: Speakers | None = None
    """How many people speak, when it is known exactly."""
    min_speakers: Speakers | None = None
    max_speakers: Speakers | None = None
    vocabulary: str = Field(default="", max_length=25_000, examples=["Brocksley, échéancier"])
    """Names and jargon to be expected, separated by commas."""
    model: ModelName | None = None
    """Catalogue name; left out: the one this installation prefers."""
    voices: str = Field(default="all", max_length=25_000, examples=["all"])
    """Which known voices to look for: `all`, `none`, or names separated by commas."""
    reading_language: Literal["fr", "en"] | None = None
    """Of headings and notes in what people read; left out: that of the meeting."""
    duplicate: Literal["refuse", "process"] = "refuse"
    """What to do with a recording that you uploaded before."""

    def draft(self) -> MeetingDraft:
        """Raises: OptionError when the values make no sense together."""
        voices: object = self.voices if self.voices in {"all", "none"} else _listed(self.voices)
        try:
            lists = _DraftLists(tags=_listed(self.tags))
            options = OptionsIn.model_validate(
                {
                    "language": self.language,
                    "allowed_languages": _listed(self.allowed_languages),
                    "speakers": self.speakers,
                    "min_speakers": self.min_speakers,
                    "max_speakers": self.max_speakers,
                    "vocabulary": _listed(self.vocabulary),
                    "model": self.model,
                    "voices": voices,
                    "reading_language": self.reading_language,
                }
            ).options()
        except ValidationError as error:
            raise OptionError(f"The upload's options cannot be used: {_sentence(error)}.") from error
        return MeetingDraft(
            title=self.title,
            held_on=self.held_on,
            notes=self.notes,
            tags=tuple(distinct(lists.tags)),
            file_name=_last_part(self.file_name),
            media_type=self.media_type or None,
            priority=Priority[self.priority.upper()],
            options=options,
            is_duplicate_welcome=self.duplicate == "process",
        )


class _DraftLists(BaseModel):
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)]


OTHER_NAMES = {"filename": "file_name", "name": "file_name", "filetype": "media_type", "type": "media_type"}
"""What tus clients call these (tus-js-client, Uppy, tuspy)."""
IGNORED = frozenset({"relativePath"})
"""What tus clients send besides."""


def draft_from(fields: Mapping[str, str]) -> MeetingDraft:
    """From query parameters, or from tus metadata with its clients' own names. Raises: OptionError."""
    values: dict[str, str] = {}
    for name, value in fields.items():
        if name in OTHER_NAMES:
            values.setdefault(OTHER_NAMES[name], value)
        elif name not in IGNORED:
            values[name] = value
    try:
        return DraftFields.model_validate({name: value for name, value in values.items() if value != ""}).draft()
    except ValidationError as error:
        raise OptionError(f"The upload's options cannot be used: {_sentence(error)}.") from error


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.replace("\n", ",").split(",") if item.strip()]


def _last_part(file_name: str | None) -> str | None:
    """Some browsers send a whole path."""
    return (file_name or "").replace("\\", "/").rpartition("/")[2].strip() or None


def _sentence(error: ValidationError) -> str:
    said = []
    for item in error.errors(include_url=False, include_input=False, include_context=False)[:3]:
        place = ".".join(str(part) for part in item["loc"] if "[" not in str(part))  # branches of a union have names
        if item["type"] == "extra_forbidden":
            said.append(f"there is no option `{place}`")
        else:
            said.append(f"{place or 'together'}: {item['msg'].removeprefix('Value error, ')}")
    return "; ".join(said)
