"""What only the laid-out minutes (PDF, DOCX) say, in French and in English.

Owns the words; never the layout. The sentences that the text formats say, too, are ``wording.py``'s. French strings
carry their typography.
"""

from dataclasses import dataclass

from scribe.domain.typography import ReadingLanguage


@dataclass(frozen=True, slots=True)
class MinutesWording:
    """One language's words; ``{…}`` is filled in by ``minutes.py``."""

    kicker: str
    """Above the title: what kind of document this is."""
    held_on: str
    transcribed_on: str
    at: str
    """``{date}`` and ``{time}``, which is UTC."""
    duration: str
    language: str
    languages: str
    recording: str
    speakers: str
    untitled_recording: str
    automatic: str
    corrected_once: str
    corrected: str
    not_corrected: str
    missing_glyphs: str
    about: str
    coverage: str
    models: str
    made_by: str
    made: str
    fingerprint: str
    footer: str
    page: str
    """Before the number, for screen readers and Word."""


_FRENCH = MinutesWording(
    kicker="Transcription de réunion",
    held_on="Date",
    transcribed_on="Transcrite le",
    at="{date} à {time} (UTC)",
    duration="Durée",
    language="Langue",
    languages="Langues",
    recording="Enregistrement",
    speakers="Intervenants",
    untitled_recording="sans nom",
    automatic=(
        "Ce document a été établi automatiquement à partir de l’enregistrement, qui seul fait foi. "
        "Relisez-le avant de le diffuser."
    ),
    corrected_once="Une correction y a été faite à la main.",
    corrected="{number} corrections y ont été faites à la main.",
    not_corrected="Aucune correction n’y a été faite à la main.",
    missing_glyphs=(
        "Certains caractères n’ont pas pu être dessinés\u202f: il manque des polices sur le serveur "
        "(«\u202fscribe doctor\u202f» dit lesquelles)."
    ),
    about="À propos de ce document",
    coverage="Couverture",
    models="Modèles",
    made_by="Établi par",
    made="Smart Meeting Scribe {version}",
    fingerprint="SHA-256 de l’enregistrement",
    footer="Transcription automatique",
    page="Page",
)

_ENGLISH = MinutesWording(
    kicker="Meeting transcript",
    held_on="Date",
    transcribed_on="Transcribed",
    at="{date} at {time} (UTC)",
    duration="Duration",
    language="Language",
    languages="Languages",
    recording="Recording",
    speakers="Speakers",
    untitled_recording="unnamed",
    automatic=(
        "This document was made automatically from the recording, which alone is authoritative. "
        "Read it over before you share it."
    ),
    corrected_once="One correction was made by hand.",
    corrected="{number} corrections were made by hand.",
    not_corrected="No correction was made by hand.",
    missing_glyphs=(
        "Some characters could not be drawn: fonts are missing on the server (“scribe doctor” says which)."
    ),
    about="About this document",
    coverage="Coverage",
    models="Models",
    made_by="Made by",
    made="Smart Meeting Scribe {version}",
    fingerprint="SHA-256 of the recording",
    footer="Automatic transcript",
    page="Page",
)


def minutes_wording(language: ReadingLanguage) -> MinutesWording:
    return _FRENCH if language == "fr" else _ENGLISH
