"""What a correction makes of the lines it is about: other words, two lines of one, one of two.

Owns which words keep their times and how sure the machine was of them (those whose text stays), and where in time new
words are put: inside the gap that they fill. A word that a human wrote or confirmed is sure. Works on segments as in
``fusion.json``; never decides whether a correction may be made.

Usage::

    retexted(segment, "Bonjour tout le monde.")     # [segment], or [] when the text is empty
    split(segment, at=3)
"""

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from scribe.domain.errors import OptionError
from scribe.domain.results.build import mean_confidence, ms

Json = dict[str, Any]
MAX_TEXT_LENGTH = 20_000
_SPACES = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")
"""Not the no-break ones: they stand inside a word, before French punctuation."""
SURE = 1.0


def clean_text(text: str) -> str:
    """On one line, composed, without controls."""
    spaced = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    return "".join(character for character in spaced if unicodedata.category(character) != "Cc")


def retexted(segment: Json, text: str) -> list[Json]:
    """The segment with these words; nothing where there are none."""
    words = _words(segment, text)
    return [_with_words(segment, words)] if words else []


def confirmed(segment: Json) -> Json:
    return _with_words(segment, [{**word, "confidence": SURE} for word in segment["words"]])


def split(segment: Json, at: int) -> list[Json]:
    """``at``: the word that begins the second half. Raises: OptionError."""
    words = segment["words"]
    if not 0 < at < len(words):
        raise OptionError(
            f"The segment has {len(words)} words: it can be split before the words 1 to {len(words) - 1}."
        )
    first, second = words[:at], words[at:]
    border_s = max(second[0]["start"], segment["start"])
    end_s = min(max(segment["start"], *(word["end"] for word in first)), segment["end"])
    return [
        {**_with_words(segment, first), "end": end_s},
        {**_with_words(segment, second), "start": border_s, "end": max(segment["end"], border_s)},
    ]


def joined(first: Json, second: Json) -> Json:
    """All is said by the first one's speaker. Raises: OptionError when they are said at once."""
    words = [*first["words"], *({**word, "speaker": first["speaker"]} for word in second["words"])]
    if any(later["start"] < earlier["start"] for earlier, later in pairwise(words)):
        raise OptionError("These segments are said at the same time: they cannot become one.")
    return {**_with_words(first, words), "end": max(first["end"], second["end"])}


def _with_words(segment: Json, words: Sequence[Json]) -> Json:
    return {
        **segment,
        "confidence": mean_confidence([word["confidence"] for word in words]),
        "text": " ".join(word["word"] for word in words),
        "words": list(words),
    }


# --- which words stay, and when new ones are said ---------------------------------------------------------------------


def _words(segment: Json, text: str) -> list[Json]:
    """Words of the text: the old ones where they stay, new ones in between."""
    old = segment["words"]
    new = _as_before(_tokens(text), [word["word"].split(" ") for word in old if " " in word["word"]])
    words: list[Json] = []
    matcher = SequenceMatcher(None, [word["word"] for word in old], new, autojunk=False)
    for what, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if what == "equal":
            words += old[old_from:old_to]
        elif new_to > new_from:
            words += _placed(segment, old, old_from, old_to, new[new_from:new_to])
    return words


def _tokens(text: str) -> list[str]:
    """As the engine's words are: punctuation that stands alone belongs to the word before it, an opening quotation mark
    to the one after it."""
    tokens: list[str] = []
    opening = ""
    for part in text.split(" "):
        if not part:
            continue
        is_word = any(character.isalnum() for character in part)
        if not is_word and all(unicodedata.category(character) in {"Ps", "Pi"} for character in part):
            opening = f"{opening}{part} "
        elif is_word or not tokens or opening:
            tokens.append(f"{opening}{part}")
            opening = ""
        else:
            tokens[-1] = f"{tokens[-1]} {part}"
    if opening:
        tokens = [*tokens[:-1], f"{tokens[-1]} {opening.strip()}"] if tokens else [opening.strip()]
    return tokens


def _as_before(tokens: Sequence[str], phrases: Sequence[Sequence[str]]) -> list[str]:
    """Words of the engine that hold a space (``12 500``) are still one where they stay."""
    done: list[str] = []
    at = 0
    while at < len(tokens):
        same = next((one for one in phrases if list(tokens[at : at + len(one)]) == list(one)), None)
        done.append(tokens[at] if same is None else " ".join(same))
        at += 1 if same is None else len(same)
    return done


def _placed(segment: Json, old: Sequence[Json], old_from: int, old_to: int, new: Sequence[str]) -> list[Json]:
    """New words in the time of those that they replace, or between their neighbours."""
    if old_to - old_from == len(new):  # one for one: each has the time of its own
        times = [(word["start"], word["end"]) for word in old[old_from:old_to]]
    else:
        replaced = old[old_from:old_to]
        before_s = max((word["end"] for word in old[:old_from]), default=segment["start"])
        after_s = min((word["start"] for word in old[old_to:]), default=segment["end"])
        start_s = replaced[0]["start"] if replaced else min(before_s, after_s)
        end_s = max(word["end"] for word in replaced) if replaced else max(after_s, start_s)
        if not replaced and old_from > 0:
            start_s = max(start_s, old[old_from - 1]["start"])
        if not replaced and old_to < len(old):
            end_s = min(end_s, old[old_to]["start"])
        times = _shared_out(start_s, max(start_s, end_s), [len(text) for text in new])
    return [
        {"start": start_s, "end": end_s, "word": text, "confidence": SURE, "speaker": segment["speaker"]}
        for text, (start_s, end_s) in zip(new, times, strict=True)
    ]


def _shared_out(start_s: float, end_s: float, weights: Sequence[int]) -> list[tuple[float, float]]:
    """A stretch cut into pieces as long as the words are: long words take longer to say."""
    total, said, edges_s = sum(weights), 0, [start_s]
    for weight in weights:
        said += weight
        edges_s.append(min(ms(start_s + (end_s - start_s) * said / total), end_s))
    edges_s[-1] = end_s
    return list(pairwise(edges_s))
