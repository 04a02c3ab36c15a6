"""Secrets that this installation gives out: API tokens, session ids, CSRF tokens, one-time passwords.

Owns their form and what the database keeps of them: SHA-256 of 256 random bits, which nobody can guess, so that a
slow hash would add nothing. Passwords, which people choose, are in ``passwords.py``.

Usage::

    secret = new_api_token()
    row.token_hash, row.prefix = digest(secret), secret[:SHOWN_CHARACTERS]
"""

import hashlib
import secrets

API_TOKEN_MARK = "smscribe_"  # noqa: S105 -- what secret scanners may look for, no secret itself
SHOWN_CHARACTERS = len(API_TOKEN_MARK) + 6
"""Of a token in lists; 36 of its 256 bits, which tells tokens apart and nothing more."""
_RANDOM_BYTES = 32
_CLEAR_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without l, o, 0 and 1, which are read wrong from a terminal. 32 letters: 5 bits each."""
_GROUPS, _GROUP_LENGTH = 4, 5


def new_api_token() -> str:
    return API_TOKEN_MARK + secrets.token_urlsafe(_RANDOM_BYTES)


def new_session_id() -> str:
    return secrets.token_urlsafe(_RANDOM_BYTES)


def new_csrf_token() -> str:
    return secrets.token_urlsafe(_RANDOM_BYTES)


def new_one_time_password() -> str:
    """100 random bits, four groups to read out or to type."""
    groups = ("".join(secrets.choice(_CLEAR_LETTERS) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return "-".join(groups)


def digest(secret: str) -> bytes:
    """What is stored, and what is looked up. Any text is allowed, also one that is no token at all."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def is_same(given: str, expected: str) -> bool:
    """In constant time, for any text (``compare_digest`` itself refuses text that is not ASCII)."""
    return secrets.compare_digest(digest(given), digest(expected))
