"""What stands at the head and the foot of the minutes, before any layout.

Owns which facts people are told and in what order; the words are ``wording.py``'s, the mark-up the formats'.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scribe.domain.exports.names import names_for_people, stem_of
from scribe.domain.exports.wording import wording
from scribe.domain.results import FusionDocument
from scribe.domain.results.parts import SpeakerPart
from scribe.domain.typography import (
    ReadingLanguage,
    format_date,
    format_decimal,
    format_duration,
    format_percent,
    format_time_of_day,
    single_line,
)

SPOKEN_SHARE = 0.05
"""A language is named at the head from one word in twenty on: below it is a quotation or a wrong guess."""


@dataclass(frozen=True, slots=True)
class Participant:
    label: str
    name: str
    """As people read it: the person's, or "Speaker 2"."""
    talk_time: str
    share: float
    share_text: str
    identity: str | None
    """"recognised (0.82)", "confirmed", "unknown", or a question: "Claire?"; ``None`` when nobody looked."""
    question: str | None
    """"Claire?": who it may be; the name stands nowhere else."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Every text is one line, typeset, not yet escaped for any mark-up."""

    title: str
    facts: tuple[str, ...]
    """Date, duration, language."""
    languages: tuple[str, ...]
    """In the reader's words, the most spoken first."""
    participants: tuple[Participant, ...]
    """The most talkative first."""
    names: Mapping[str, str]
    """Label to the name that people read."""
    remarks: tuple[str, ...]
    coverage: str
    made_by: str
    model_names: tuple[str, ...]
    models: str | None
    """The same as a sentence."""


def summarise(document: FusionDocument, language: ReadingLanguage, title: str | None = None) -> Summary:
    """``title``: what people call the meeting; ``None``: the recording's name."""
    words = wording(language)
    date = format_date(document.created_at, language)
    names = names_for_people(document, language)
    models = list(dict.fromkeys(single_line(model.id) for stage in document.models.values() for model in stage))
    spoken = [words.languages.get(code, single_line(code)) for code in _languages(document)]
    facts = [
        words.transcribed_on.format(date=date),
        words.duration.format(duration=format_duration(document.recording.duration_s, language)),
    ]
    if spoken:
        sentence = words.language if len(spoken) == 1 else words.several_languages
        facts.append(sentence.format(language=", ".join(spoken)))
    return Summary(
        title=single_line(title or stem_of(document.recording.file).replace("_", " ")) or words.untitled,
        facts=tuple(facts),
        languages=tuple(spoken),
        participants=_participants(document, names, language),
        names=names,
        remarks=tuple(single_line(words.warnings.get(warning.code, warning.message)) for warning in document.warnings),
        coverage=_coverage(document, language),
        made_by=words.made_by.format(
            version=single_line(document.product.version),
            date=date,
            time=format_time_of_day(document.created_at, language),
        ),
        model_names=tuple(models),
        models=words.models.format(models=", ".join(models)) if models else None,
    )


def _participants(
    document: FusionDocument, names: Mapping[str, str], language: ReadingLanguage
) -> tuple[Participant, ...]:
    return tuple(
        Participant(
            label=speaker.label,
            name=names[speaker.label],
            talk_time=format_duration(speaker.speech_s, language),
            share=speaker.share,
            share_text=format_percent(speaker.share, language),
            identity=_identity(speaker, language),
            question=_question(speaker, language),
        )
        for speaker in sorted(document.speakers, key=lambda speaker: (-speaker.speech_s, speaker.label))
    )


def _identity(speaker: SpeakerPart, language: ReadingLanguage) -> str | None:
    words = wording(language)
    if speaker.naming == "confirmed":
        return words.confirmed
    if speaker.name is not None:
        score = speaker.score
        return words.recognised.format(score=format_decimal(score, 2, language)) if score is not None else ""
    is_judged = speaker.reason is not None or speaker.naming == "rejected"
    return _question(speaker, language) or (words.not_recognised if is_judged else None)


def _question(speaker: SpeakerPart, language: ReadingLanguage) -> str | None:
    if speaker.name is not None or speaker.suggestion is None:
        return None
    return wording(language).suggested.format(name=single_line(speaker.suggestion))


def _languages(document: FusionDocument) -> list[str]:
    """Those that were really spoken, the most spoken first."""
    seconds: dict[str, float] = {}
    for segment in document.segments:
        seconds[segment.language] = seconds.get(segment.language, 0.0) + segment.end - segment.start
    total_s = sum(seconds.values())
    ranked = sorted(seconds, key=lambda code: -seconds[code])
    return [code for code in ranked if seconds[code] >= SPOKEN_SHARE * total_s]


def _coverage(document: FusionDocument, language: ReadingLanguage) -> str:
    ledger = document.coverage
    return wording(language).coverage.format(
        words=format_duration(ledger.words_s, language),
        overlap=format_duration(ledger.overlap_s, language),
        inaudible=format_duration(ledger.inaudible_s, language),
        non_speech=format_duration(ledger.non_speech_s, language),
    )
