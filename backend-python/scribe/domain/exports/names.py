"""What people and files are called in the exports.

Owns display names and file ids; never decides who somebody is (``domain/voices.py`` does).

Formats made for programs and players show ``SPEAKER_00`` for a voice that nobody could name; prose for people counts
them as "Speaker 1" or "Intervenant 1".
"""

import re
import unicodedata
from collections.abc import Mapping

from scribe.domain.exports.wording import wording
from scribe.domain.results import FusionDocument
from scribe.domain.results.parts import SpeakerPart
from scribe.domain.typography import ReadingLanguage, single_line

UNKNOWN_SPEAKER = "UNKNOWN"
"""Stands in the formats that demand a speaker where there is none."""


def names_or_labels(document: FusionDocument) -> Mapping[str, str]:
    """Label to the name where known, else to the label itself."""
    return {speaker.label: _name(speaker) or speaker.label for speaker in document.speakers}


def names_for_people(document: FusionDocument, language: ReadingLanguage) -> Mapping[str, str]:
    """Label to the name where known, else to "Speaker 1", "Intervenant 1"."""
    stand_in = wording(language).numbered_speaker
    return {
        speaker.label: _name(speaker) or stand_in.format(number=int(speaker.label.rpartition("_")[2]) + 1)
        for speaker in document.speakers
    }


def _name(speaker: SpeakerPart) -> str:
    return single_line(speaker.name) if speaker.name else ""


def file_id(file_name: str) -> str:
    """The name without its extension as one token for RTTM, STM and CTM: no blank, no control, no comment sign."""
    stem = stem_of(file_name)
    token = "".join("_" if _separates(character) else character for character in stem)
    return re.sub(r"^;+", lambda signs: "_" * len(signs[0]), token) or "recording"


def stem_of(file_name: str) -> str:
    """``standup.2026.m4a`` is ``standup.2026``; ``.hidden`` stays."""
    stem, dot, _extension = file_name.rpartition(".")
    return stem if dot and stem else file_name


def _separates(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] in "ZC"
