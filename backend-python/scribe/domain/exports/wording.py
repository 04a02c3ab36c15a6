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
    confirmed: str
    suggested: str
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
    warnings: dict[str, str]
    """By code; a warning without a sentence here is told as the run told it, in English."""


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
    confirmed="confirmée",
    suggested="{name}\u202f?",
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
        "ko": "coréen", "el": "grec", "vi": "vietnamien", "he": "hébreu", "hi": "hindi", "th": "thaï", "tr": "turc",
        "uk": "ukrainien", "ro": "roumain", "cs": "tchèque", "hu": "hongrois", "sv": "suédois", "da": "danois",
        "no": "norvégien", "fi": "finnois", "ca": "catalan", "fa": "persan", "id": "indonésien", "bg": "bulgare",
        "hr": "croate", "sk": "slovaque", "sr": "serbe", "eu": "basque", "br": "breton", "oc": "occitan",
        "lb": "luxembourgeois", "ur": "ourdou", "bn": "bengali", "ta": "tamoul", "ms": "malais", "sw": "swahili",
    },
    warnings={
        "audio.broken-timestamps": "L’horloge de l’enregistrement saute\u202f: la suite peut être décalée.",
        "audio.damaged-frames": "Des parties de l’enregistrement sont abîmées et n’ont pas pu être lues.",
        "audio.format-changes": "L’enregistrement change de format en cours de route.",
        "audio.gaps-filled": "L’enregistrement a des trous, remplis de silence pour garder les temps justes.",
        "audio.invalid-samples": "Des valeurs qui ne sont pas du son ont été effacées de l’enregistrement.",
        "audio.offset-removed": "L’enregistrement était décalé\u202f: le décalage a été retiré.",
        "audio.several-audio-tracks": "Le fichier a plusieurs pistes sonores\u202f: la première a été retenue.",
        "audio.silent": "L’enregistrement est silencieux du début à la fin.",
        "audio.truncated": "L’enregistrement s’arrête avant son terme\u202f: le fichier est coupé.",
        "audio.turned-down": "L’enregistrement était trop fort pour son format\u202f: il a été atténué.",
        "audio.turned-up": "L’enregistrement est très faible\u202f: il a été amplifié.",
        "gpu.card_lost": "La carte graphique a lâché deux fois\u202f: le processeur a fait le calcul, plus lentement.",
        "gpu.step_down.batch": "La mémoire de la carte graphique ne suffisait pas\u202f: moins de calculs à la fois.",
        "gpu.step_down.type": "La mémoire de la carte graphique ne suffisait pas\u202f: calcul en 8 bits.",
        "gpu.step_down.model": "La mémoire de la carte graphique ne suffisait pas\u202f: un modèle plus petit a écrit"
        " le texte, peut-être moins juste.",
        "gpu.step_down.cpu": "La carte graphique n’a pas pu servir jusqu’au bout\u202f: le processeur a fait le reste,"
        " plus lentement.",
        "stage.failed.diarize": "Les voix n’ont pas pu être distinguées\u202f: la transcription est sans intervenants.",
        "stage.failed.identify": "Les voix n’ont pas pu être comparées aux voix connues\u202f: elles restent sans nom.",
        "voices.unknown_name": "Une voix demandée n’est pas parmi les voix connues.",
        "voices.unusable": "Les voix connues n’ont pas pu être lues\u202f: personne n’est nommé.",
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
    confirmed="confirmed",
    suggested="{name}?",
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
        "ko": "Korean", "el": "Greek", "vi": "Vietnamese", "he": "Hebrew", "hi": "Hindi", "th": "Thai", "tr": "Turkish",
        "uk": "Ukrainian", "ro": "Romanian", "cs": "Czech", "hu": "Hungarian", "sv": "Swedish", "da": "Danish",
        "no": "Norwegian", "fi": "Finnish", "ca": "Catalan", "fa": "Persian", "id": "Indonesian", "bg": "Bulgarian",
        "hr": "Croatian", "sk": "Slovak", "sr": "Serbian", "eu": "Basque", "br": "Breton", "oc": "Occitan",
        "lb": "Luxembourgish", "ur": "Urdu", "bn": "Bengali", "ta": "Tamil", "ms": "Malay", "sw": "Swahili",
    },
    warnings={},
)  # fmt: skip


def wording(language: ReadingLanguage) -> Wording:
    return _FRENCH if language == "fr" else _ENGLISH
