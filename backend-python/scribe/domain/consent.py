"""What somebody is asked before their voice is enrolled, in French and English.

Owns the text and its version; docs/privacy.md and docs/privacy.fr.md show the same (a test compares). An organisation
may use its own text: then it records its own version with each consent.

Usage::

    asked = CONSENT_TEXTS["fr"]
    asked.version, asked.text
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scribe.domain.typography import ReadingLanguage


@dataclass(frozen=True, slots=True)
class ConsentText:
    language: ReadingLanguage
    version: str
    """Goes into the record of each consent; another text has another version."""
    text: str
    """Paragraphs separated by blank lines; what stands in brackets is for the organisation to fill in."""


_ENGLISH = """\
I agree that [organisation] may recognise my voice in recordings of meetings, so that the minutes bear my name.

For this, a voiceprint is computed from recordings of my voice: a list of numbers by which my voice can be told \
from others. It is biometric data. The voiceprint and short samples of my voice (20 seconds each at most) are \
kept on systems of [organisation] and are given to nobody else. In meetings in which I am confirmed as a \
speaker, further voiceprints may be added.

They are used for nothing but naming me in minutes. Nothing about emotions, health, sex, age or origin is ever \
inferred from my voice.

They are kept until I withdraw my consent, or until [date or event, such as the end of my contract].

Consent is voluntary. Without it I have no disadvantage: the minutes then call me “Speaker 1”, or somebody types \
my name. I can withdraw it at any time, without giving a reason, as easily as I gave it, from [contact]. My \
voiceprints and samples are then erased; what was done before remains lawful, and my name stays in minutes that \
exist unless I ask for its removal.

I have the right to see and to receive my data, to have it corrected and erased, and to complain to a data \
protection authority. Data protection officer: [contact]."""

_FRENCH = """\
J’accepte que [organisation] reconnaisse ma voix dans les enregistrements de réunions, afin que mon nom figure \
dans les comptes rendus.

Pour cela, une empreinte vocale est calculée à partir d’enregistrements de ma voix : une liste de nombres qui \
permet de distinguer ma voix de celle des autres. C’est une donnée biométrique. L’empreinte et de courts \
extraits de ma voix (20 secondes chacun au plus) sont conservés sur les systèmes de [organisation] et ne sont \
transmis à personne d’autre. Dans les réunions où ma présence est confirmée, d’autres empreintes peuvent être \
ajoutées.

Ces données ne servent qu’à me nommer dans les comptes rendus. Rien n’est jamais déduit de ma voix sur mes \
émotions, ma santé, mon sexe, mon âge ou mes origines.

Elles sont conservées jusqu’au retrait de mon consentement, ou jusqu’à [date ou événement, par exemple la fin de \
mon contrat].

Mon consentement est libre. Un refus n’a aucune conséquence pour moi : le compte rendu m’appelle alors « \
Intervenant 1 », ou quelqu’un saisit mon nom. Je peux le retirer à tout moment, sans donner de raison, aussi \
simplement que je l’ai donné, auprès de [contact]. Mes empreintes et extraits sont alors effacés ; ce qui a été \
fait auparavant reste licite, et mon nom demeure dans les comptes rendus existants, sauf si j’en demande le \
retrait.

J’ai le droit d’accéder à mes données et de les recevoir, de les faire rectifier et effacer, et d’introduire une \
réclamation auprès de la CNIL. Délégué à la protection des données : [contact]."""

CONSENT_TEXTS: Mapping[ReadingLanguage, ConsentText] = MappingProxyType(
    {"en": ConsentText("en", "en-1", _ENGLISH), "fr": ConsentText("fr", "fr-1", _FRENCH)}
)
