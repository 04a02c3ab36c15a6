"""Who is acting, for the audit log: known at the edge (a request, a command), written far below it.

Owns one context variable, as the logs' context is one: a use case need not be told who asks for it in order to write
it down. Whatever nobody asked for is the program's own doing. Never decides what anybody may do.

Usage::

    with acting_as(THE_COMMAND):
        ...
    acting()            # the actor
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from scribe.domain.audit import THE_PROGRAM, Actor

_actor: ContextVar[Actor] = ContextVar("scribe_actor", default=THE_PROGRAM)


def acting() -> Actor:
    return _actor.get()


def act_as(actor: Actor) -> None:
    """From here on, in this task and in those that it starts."""
    _actor.set(actor)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    before = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(before)
