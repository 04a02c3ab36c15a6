"""Text as people search for it.

Owns the one rule by which two spellings are the same to a search and to a sorted list; never what is shown.

Usage::

    fold("École") == fold("ecole")
"""

import unicodedata


def fold(text: str) -> str:
    """For finding and sorting: without case, accents and typographic variants. ``École`` and ``ecole`` are one."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn").casefold()
