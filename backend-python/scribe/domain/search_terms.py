"""The words of a text as a search sees them, for passages and for queries alike.

Owns where a word begins and ends, what it is without case and accents, and under which terms a passage is found:
every word as it is, and its stems. Never stems by itself: PostgreSQL's dictionaries do (``adapters/search.py``), asked
for all words of a meeting at once.

Nobody can tell the language of one word, and meetings mix French and English: each word is stemmed by both. French
is stemmed twice, of the word and of the word without accents: of 305 pairs of forms of one word (``décidé`` and
``décident``, typed with accents or without), 181 meet under one stem when accents are dropped before stemming, 211 when
afterwards, 235 so (docs/adr/0018).

Usage::

    words = words_of("L'été, nous décidons.")       # l, ete, nous, decidons, with their places
    vector = indexed(words, stems)                  # "'decid':4 'decidons':4A ..."
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from scribe.domain.folding import fold

MAX_WORD_LENGTH = 100
MAX_POSITION = 16_383
"""PostgreSQL's limits: a lexeme has 2 KB, a place 14 bits."""

_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f"
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Scripts without spaces between words (Thai, Khmer, Japanese, Chinese ...): every character is a word, and what is
searched for is a sequence of them."""
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}](?:[^\\W_{_UNSPACED}]|[{_MARKS}])*")
_HYPHENS = frozenset("-\u2010\u2011")

STOP_WORDS = frozenset(
    fold(
        "a à au aux avec c ce ces d dans de des du en est et eux il ils elle elles j je l la le les leur leurs lui m "
        "ma mais me mes moi mon n ne nos notre nous on ou où par pas pour qu que qui s sa se ses si son sur t ta te "
        "tes toi ton tu un une vos votre vous y ça the an and are as at be but by for from has have he her his i if "
        "in is it its my not of or our she so that their them they this to was we were will with you your"
    ).split()
)
"""What a query may leave out: half of all that is said. Indexed all the same, because sentences between quotes have
them."""


@dataclass(frozen=True, slots=True)
class Word:
    start: int
    """Of the text, in characters."""
    end: int
    cased: str
    """In lower case, with its accents: what French is stemmed from."""
    plain: str
    """Without case and accents."""
    joins: bool = False
    """The next word follows after nothing but a hyphen."""

    @property
    def is_stop_word(self) -> bool:
        return self.plain in STOP_WORDS


StemsOf = Mapping[str, frozenset[str]]
"""By what a word is in lower case, with its accents (:attr:`Word.cased`); without case and accents."""


def words_of(text: str) -> list[Word]:
    """In order. Apostrophes and hyphens end a word."""
    found = list(_WORD.finditer(text))
    following: list[re.Match[str] | None] = [*found[1:], None] if found else []
    return [
        _word(match, joins=after is not None and after.start() == match.end() + 1 and text[match.end()] in _HYPHENS)
        for match, after in zip(found, following, strict=True)
    ]


def compounds(words: Sequence[Word]) -> Iterator[tuple[int, int, str]]:
    """What is written with hyphens, as if it were not: ``week-end`` is ``weekend``. First and last place, term."""
    first = 0
    while first < len(words):
        last = first
        while words[last].joins:
            last += 1
        if last > first:
            yield first, last, "".join(word.plain for word in words[first : last + 1])[:MAX_WORD_LENGTH]
        first = last + 1


def indexed(words: Sequence[Word], stems: StemsOf) -> str:
    """As PostgreSQL reads a ``tsvector``: words weigh A, stems D, so that what was said in these very words comes
    first."""
    places: dict[str, dict[int, str]] = {}
    for number, word in enumerate(words, start=1):
        place = min(number, MAX_POSITION)
        for stem in stems[word.cased]:
            places.setdefault(stem, {}).setdefault(place, "")
        places.setdefault(word.plain, {})[place] = "A"
    for first, _, term in compounds(words):
        places.setdefault(term, {})[min(first + 1, MAX_POSITION)] = "A"
    return " ".join(
        f"{quoted(term)}:{','.join(f'{place}{weight}' for place, weight in sorted(where.items())[:255])}"
        for term, where in places.items()
    )


def quoted(term: str) -> str:
    """A lexeme in the text of a ``tsvector`` or ``tsquery``."""
    escaped = term.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def stems_of(words: Sequence[Word], stem: Mapping[str, tuple[str, str]]) -> dict[str, frozenset[str]]:
    """``stem``: what French (twice over) and English make of each of :func:`to_be_stemmed`."""
    distinct = {word.cased: word.plain for word in words}
    return {
        cased: frozenset((_plain(stem[cased][0]), _plain(stem[plain][0]), _plain(stem[plain][1])))
        for cased, plain in distinct.items()
    }


def to_be_stemmed(words: Sequence[Word]) -> list[str]:
    return sorted({form for word in words for form in (word.cased, word.plain)})


def in_utf16(text: str) -> Callable[[int], int]:
    """Places in the text, counted as JavaScript and Java do."""
    if text.isascii() or max(text) <= "\uffff":
        return lambda place: place
    return lambda place: len(text[:place].encode("utf-16-le")) // 2


def _word(match: re.Match[str], *, joins: bool) -> Word:
    text = match[0][:MAX_WORD_LENGTH]
    return Word(match.start(), match.end(), text.lower(), _plain(text), joins)


def _plain(text: str) -> str:
    """Some letters are two for most who type them. Folding may leave what is no letter (``½`` is ``1⁄2``)."""
    if text.isascii():
        return text.lower()[:MAX_WORD_LENGTH]
    return fold(text).replace("œ", "oe").replace("æ", "ae")[:MAX_WORD_LENGTH] or text
