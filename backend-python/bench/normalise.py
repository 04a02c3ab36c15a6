"""Makes two spellings of the same words equal before they are compared.

English: Whisper's own normaliser (whisper-normalizer). Everything else: its basic one, after French rules: apostrophes
and hyphens part words, ``œ`` is ``oe``, digits are spelled out, common abbreviations are written in full.

Usage::

    normaliser("fr")("L'œuf à 20 h")      # "l oeuf à vingt heures"
"""

import re
import warnings
from collections.abc import Callable
from functools import cache

_UNITS = """
    zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit
    dix-neuf
""".split()  # noqa: SIM905  # a list of twenty short strings reads worse
_TENS = ("", "dix", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt")
_LARGEST = 999_999_999

_ABBREVIATIONS = (
    (r"\bm\.\s", "monsieur "),
    (r"\bmme\b\.?", "madame"),
    (r"\bmr\b\.?", "monsieur"),
    (r"\b1\s?ers?\b", "premier"),
    (r"\b1\s?[èe]re\b", "première"),
    (r"(?<=\d)\s?h\b", " heures"),
    (r"(?<=\d)\s?%", " pour cent"),
    (r"(?<=\d)\s?€", " euros"),
)


def french_number(value: int) -> str:
    """``value`` in words, without agreement marks that cannot be heard (``cents``, ``vingts`` lose their s)."""
    if value < 20:
        return _UNITS[value]
    if value < 100:
        tens, rest = divmod(value, 10)
        if tens in {7, 9}:
            rest += 10
        joint = " et " if rest in {1, 11} and tens < 8 else " "
        return f"{_TENS[tens]}{joint}{_UNITS[rest]}" if rest else _TENS[tens]
    for size, name in ((1_000_000, "million"), (1_000, "mille"), (100, "cent")):
        if value >= size:
            count, rest = divmod(value, size)
            head = name if count == 1 and size < 1_000_000 else f"{french_number(count)} {name}"
            return f"{head} {french_number(rest)}" if rest else head
    raise AssertionError(value)


def _spelled(match: re.Match[str]) -> str:
    digits = re.sub(r"\s", "", match.group())
    return french_number(int(digits)) if int(digits) <= _LARGEST else " ".join(_UNITS[int(digit)] for digit in digits)


def _french(text: str) -> str:
    text = text.lower().replace("’", "'").replace("œ", "oe").replace("æ", "ae")
    for pattern, full in _ABBREVIATIONS:
        text = re.sub(pattern, full, text)
    text = re.sub(r"\d{1,3}(?:[\s\u00a0\u202f]\d{3})+(?!\d)|\d+", _spelled, text)
    text = re.sub(r"\b(cent|vingt|million)s\b", r"\1", text)
    return re.sub(r"['-]", " ", text)


@cache
def normaliser(language: str | None) -> Callable[[str], str]:
    """The rules for a language; the French ones where it is not known (mixed recordings)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # stray backslashes in the package's docstrings, told when it is compiled
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer

    if language == "en":
        english: Callable[[str], str] = EnglishTextNormalizer()
        return english
    basic = BasicTextNormalizer()
    return lambda text: " ".join(str(basic(_french(text))).split())
