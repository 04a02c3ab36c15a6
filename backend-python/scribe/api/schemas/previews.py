"""What is known of a meeting before its results are, over HTTP."""

from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from scribe.domain.previews import Preview, PreviewSpeaker

_DIGITS = 3


class PreviewSpeakerOut(BaseModel):
    """A voice that was told apart; nobody has a name yet."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    label: str
    speech_s: float
    share: float
    """Of everybody's talk time, 0 to 1."""


class PreviewSegmentOut(BaseModel):
    """A stretch of text as it was heard first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    start: float
    """Seconds from the start of the recording."""
    end: float
    text: str
    language: str
    speaker: str | None
    """Who speaks during most of it: a label of `speakers`; null while nobody knows."""


class PreviewOut(BaseModel):
    """What the first run of a meeting has made so far. All of it may still change."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    meeting_id: UUID
    run: int
    is_provisional: Literal[True] = True
    duration_s: float | None
    """Null until the recording was opened."""
    transcribed_until_s: float
    """The text of what comes after it is still to be written."""
    speakers: list[PreviewSpeakerOut] | None
    """By label; null until the voices are told apart, and when they cannot be."""
    num_turns: int | None
    """How often somebody began to speak; null like `speakers`."""
    segments: list[PreviewSegmentOut]
    """By start."""

    @classmethod
    def of(cls, preview: Preview) -> Self:
        speakers = preview.speakers
        return cls(
            meeting_id=preview.meeting_id,
            run=preview.run,
            duration_s=preview.duration_s,
            transcribed_until_s=round(preview.transcribed_until_s, _DIGITS),
            speakers=None if speakers is None else [_speaker(one) for one in speakers],
            num_turns=None if preview.heard is None else len(preview.heard.turns),
            segments=[
                PreviewSegmentOut(
                    start=line.start_s, end=line.end_s, text=line.text, language=line.language, speaker=line.speaker
                )
                for line in preview.lines
            ],
        )


def _speaker(one: PreviewSpeaker) -> PreviewSpeakerOut:
    return PreviewSpeakerOut(label=one.label, speech_s=round(one.speech_s, _DIGITS), share=round(one.share, 4))
