"""The sentences and headings of the reading formats, in French and in English.

Owns the words; never the layout. French strings carry their typography (narrow no-break spaces before ``: ; ! ?``).
"""

from dataclasses import dataclass

from scribe.domain.typography import ReadingLanguage


@dataclass(frozen=True, slots=True)
class Wording:
    """One language's words; ``{…}`` is filled in by the format."""

    numbered_speaker: str
    unknown_speaker: str
    untitled: str
    transcribed_on: str
    duration: str
    language: str
    several_languages: str
    participants: str
    participant: str
    talk_time: str
    share: str
    identity: str
    recognised: str
    not_recognised: str
    transcript: str
    nothing_said: str
    inaudible: str
    remarks: str
    coverage: str
    legend_doubtful: str
    label: str
    automatic: str
    made_by: str
    models: str
    colon: str
    languages: dict[str, str]


_FRENCH = Wording(
    numbered_speaker="Intervenant\u00a0{number}",
    unknown_speaker="Intervenant inconnu",
    untitled="Réunion",
    transcribed_on="Transcrit le {date}",
    duration="Durée\u202f: {duration}",
    language="Langue\u202f: {language}",
    several_languages="Langues\u202f: {language}",
    participants="Participants",
    participant="Participant",
    talk_time="Temps de parole",
    share="Part",
    identity="Voix",
    recognised="reconnue ({score})",
    not_recognised="inconnue",
    transcript="Transcription",
    nothing_said="Aucune parole n’a été entendue dans cet enregistrement.",
    inaudible="passage inaudible, {duration}",
    remarks="À savoir",
    coverage="Paroles {words}, voix superposées {overlap}, inaudible {inaudible}, silence et bruit {non_speech}.",
    legend_doubtful="Les mots en *italique* sont douteux\u202f: réécoutez le passage.",
    label="Étiquette",
    automatic="Transcription automatique\u202f: à relire avant diffusion.",
    made_by="Smart Meeting Scribe {version}, le {date} à {time} (UTC).",
    models="Modèles\u202f: {models}.",
    colon="\u202f:",
    languages={
        "fr": "français", "en": "anglais", "de": "allemand", "es": "espagnol", "it": "italien", "pt": "portugais",
        "nl": "néerlandais", "ar": "arabe", "zh": "chinois", "ja": "japonais", "ru": "russe", "pl": "polonais",
    },
)  # fmt: skip

_ENGLISH = Wording(
    numbered_speaker="Speaker\u00a0{number}",
    unknown_speaker="Unknown speaker",
    untitled="Meeting",
    transcribed_on="Transcribed on {date}",
    duration="Duration: {duration}",
    language="Language: {language}",
    several_languages="Languages: {language}",
    participants="Participants",
    participant="Participant",
    talk_time="Talk time",
    share="Share",
    identity="Voice",
    recognised="recognised ({score})",
    not_recognised="unknown",
    transcript="Transcript",
    nothing_said="Nobody was heard speaking in this recording.",
    inaudible="inaudible passage, {duration}",
    remarks="Please note",
    coverage="Speech {words}, overlapping voices {overlap}, inaudible {inaudible}, silence and noise {non_speech}.",
    legend_doubtful="Words in *italics* are doubtful: listen to the passage again.",
    label="Label",
    automatic="Automatic transcript: read it over before you share it.",
    made_by="Smart Meeting Scribe {version}, {date} at {time} (UTC).",
    models="Models: {models}.",
    colon=":",
    languages={
        "fr": "French", "en": "English", "de": "German", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
        "nl": "Dutch", "ar": "Arabic", "zh": "Chinese", "ja": "Japanese", "ru": "Russian", "pl": "Polish",
    },
)  # fmt: skip


def wording(language: ReadingLanguage) -> Wording:
    return _FRENCH if language == "fr" else _ENGLISH
