"""What speakers are called, in SQL: ``domain.namings.Speaker.shown_name`` over ``speakers`` and ``people``.

Owns these expressions; a test holds them and the domain together. Names are joined when something is read and stored
nowhere else, so that whoever is renamed or forgotten is so everywhere at once.

Usage::

    select(shown_name()).outerjoin(PersonRow, PersonRow.id == SpeakerRow.person_id)
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, text
from sqlalchemy.orm import aliased

from scribe.adapters.people import readable_by
from scribe.core.voices_db import PersonRow, SpeakerRow
from scribe.domain.accounts import Principal
from scribe.domain.folding import fold
from scribe.domain.namings import NAMED
from scribe.domain.people import PersonId


def shown_name() -> ColumnElement[str | None]:
    """Of a row of ``speakers`` joined with its person; null: nobody said yet."""
    return case((SpeakerRow.naming.in_(NAMED), func.coalesce(PersonRow.name, SpeakerRow.name)), else_=None)


def is_person(people: Sequence[PersonId], who: Principal) -> ColumnElement[bool]:
    """Whether the row of ``speakers`` is one of ``people``, by the bank or because somebody said so. People whom
    ``who`` may not see are nobody: a filter must not tell where they spoke."""
    seen = select(PersonRow.id).where(PersonRow.id.in_(people), readable_by(who)).correlate(None)
    return and_(SpeakerRow.naming.in_(NAMED), SpeakerRow.person_id.in_(seen))


def is_called(name: str) -> ColumnElement[bool]:
    """Whether ``name`` is in what the row of ``speakers`` is called; case and accents do not matter."""
    wanted = fold(name)
    person = aliased(PersonRow)
    is_so = exists().where(person.id == SpeakerRow.person_id, person.folded_name.contains(wanted, autoescape=True))
    free = and_(SpeakerRow.person_id.is_(None), folded(SpeakerRow.name.expression).contains(wanted, autoescape=True))
    return and_(SpeakerRow.naming.in_(NAMED), or_(is_so, free))


def folded(column: ColumnElement[str | None]) -> ColumnElement[str]:
    """``domain.folding.fold`` in SQL, near enough for what people are called."""
    plain = func.normalize(func.lower(column), text("NFKD"))
    return func.regexp_replace(plain, "[\u0300-\u036f]", "", "g")
