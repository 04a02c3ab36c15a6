"""The text that somebody agrees to before their voice is enrolled, in a reader's language.

Owns nothing but the choice; the words are ``domain/consent.py``'s.
"""

from scribe.domain.consent import CONSENT_TEXTS, ConsentText
from scribe.domain.typography import ReadingLanguage


def consent_text(language: ReadingLanguage) -> ConsentText:
    return CONSENT_TEXTS[language]
