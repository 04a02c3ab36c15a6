"""What somebody typed into a search box, understood; and where in a text it is found.

Owns the little language (words, ``"quotes"``, ``-word``, ``OR``), how it becomes a PostgreSQL ``tsquery``, and the
ranges that are marked in a result, which follow the same terms, so that what is marked is what was found.

Usage::

    query = parse('budget "conseil municipal" -travaux')
    query.to_tsquery(stems_of(query.words, stem))
    matches(query, "Le budget du conseil municipal.", stems)      # [(3, 9), (13, 30)]
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scribe.domain.search_terms import StemsOf, Word, compounds, quoted, words_of

SHORTEST_BEGINNING = 3
"""Letters from which the last word is also taken as a beginning: shorter ones begin half the dictionary."""
MAX_WANTED = 30
"""Words and phrases of one query; what is beyond is not looked for."""

_PART = re.compile(r'(?P<no>-?)(?:"(?P<phrase>[^"]*)(?P<closed>"?)|(?P<word>[^\s"]+))')
_QUOTES = str.maketrans({"«": '"', "»": '"', "“": '"', "”": '"', "„": '"'})
_EITHER = frozenset({"OR", "OU"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word, or several one after the other."""

    words: tuple[Word, ...]
    joined: str | None = None
    """Written with hyphens: without them it is one word, and wanted as well."""
    is_beginning: bool = False
    """Its last word may go on."""

    def to_tsquery(self, stems: StemsOf) -> str:
        last = len(self.words) - 1
        steps = [
            _step(word, stems, is_beginning=self.is_beginning and at == last) for at, word in enumerate(self.words)
        ]
        phrase = f"({' <-> '.join(steps)})" if last else steps[0]
        return f"({phrase} | {quoted(self.joined)})" if self.joined else phrase


@dataclass(frozen=True, slots=True)
class SearchQuery:
    groups: tuple[tuple[Wanted, ...], ...]
    """All of the groups, of each at least one."""
    excluded: tuple[Wanted, ...]

    @property
    def words(self) -> list[Word]:
        everything = [wanted for group in self.groups for wanted in group] + list(self.excluded)
        return [word for wanted in everything for word in wanted.words]

    @property
    def is_empty(self) -> bool:
        """Nothing is wanted: nothing is found, also not everything without a word."""
        return not self.groups

    def to_tsquery(self, stems: StemsOf) -> str:
        """As PostgreSQL reads it; of a query that is not empty."""
        groups = [" | ".join(wanted.to_tsquery(stems) for wanted in group) for group in self.groups]
        excluded = " | ".join(wanted.to_tsquery(stems) for wanted in self.excluded)
        return " & ".join([*(f"({group})" for group in groups), *([f"!({excluded})"] if excluded else [])])


def parse(text: str) -> SearchQuery:
    """Never fails: what makes no sense is taken as words. ``text`` ends where typing stopped."""
    groups: list[list[Wanted]] = []
    excluded: list[Wanted] = []
    is_either = False
    parts = list(_PART.finditer(text.translate(_QUOTES)))[:MAX_WANTED]
    for part in parts:
        if part[0] in _EITHER and groups:
            is_either = True
            continue
        is_open = part is parts[-1] and part["closed"] != '"' and part.end() == len(text)
        wanted = _wanted(part["word"] or part["phrase"] or "", is_quoted=part["word"] is None, is_open=is_open)
        if wanted is None:
            continue
        if part["no"]:
            excluded.append(wanted)
        elif is_either:
            groups[-1].append(wanted)
        else:
            groups.append([wanted])
        is_either = False
    return SearchQuery(tuple(tuple(group) for group in _without_stop_words(groups)), tuple(excluded))


def matches(query: SearchQuery, text: str, stems: StemsOf) -> list[tuple[int, int]]:
    """Where ``text`` has what is wanted: from, to, in characters, in order, none within another. ``stems``: of both."""
    words = words_of(text)
    terms = [stems[word.cased] | {word.plain} for word in words]
    found: list[tuple[int, int]] = []
    for group in query.groups:
        for wanted in group:
            found += _found(wanted, words, terms, stems)
    merged: list[tuple[int, int]] = []
    for start, end in sorted(set(found)):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _found(
    wanted: Wanted, words: Sequence[Word], terms: Sequence[frozenset[str]], stems: StemsOf
) -> Iterator[tuple[int, int]]:
    last = len(wanted.words) - 1
    sought = [stems[word.cased] | {word.plain} for word in wanted.words]
    for first in range(len(words) - last):
        if all(
            not sought[at].isdisjoint(terms[first + at])
            or (wanted.is_beginning and at == last and _begins(wanted.words[at], terms[first + at]))
            for at in range(last + 1)
        ):
            yield words[first].start, words[first + last].end
    if wanted.joined or last == 0:
        whole = wanted.joined or wanted.words[0].plain
        for first, final, term in compounds(words):
            if term == whole or (wanted.is_beginning and last == 0 and term.startswith(whole)):
                yield words[first].start, words[final].end
    if wanted.joined:
        for word in words:
            if word.plain == wanted.joined:
                yield word.start, word.end


def _begins(word: Word, terms: frozenset[str]) -> bool:
    return any(term.startswith(word.plain) for term in terms)


def _wanted(text: str, *, is_quoted: bool, is_open: bool) -> Wanted | None:
    words = words_of(text)
    if not is_quoted:
        while len(words) > 1 and words[0].is_stop_word and not words[0].joins:
            words = words[1:]  # l'été is looked for as été
    if not words:
        return None
    joined = None
    if not is_quoted and len(words) > 1:
        joined = next((term for first, last, term in compounds(words) if (first, last) == (0, len(words) - 1)), None)
    is_beginning = is_open and len(words[-1].plain) >= SHORTEST_BEGINNING and text[-1:].isalnum()
    return Wanted(tuple(words), joined, is_beginning)


def _without_stop_words(groups: Sequence[list[Wanted]]) -> Sequence[list[Wanted]]:
    """``le budget`` is looked for as ``budget``, ``to be`` as it is."""
    telling = [group for group in groups if not all(_is_stop_word(wanted) for wanted in group)]
    return telling or groups


def _is_stop_word(wanted: Wanted) -> bool:
    return len(wanted.words) == 1 and wanted.words[0].is_stop_word


def _step(word: Word, stems: StemsOf, *, is_beginning: bool) -> str:
    terms = [quoted(word.plain) + (":*" if is_beginning else "")]
    terms += [quoted(stem) for stem in sorted(stems[word.cased] - {word.plain})]
    return f"({' | '.join(terms)})" if len(terms) > 1 else terms[0]
