"""Passwords: what may be one, and argon2id hashes of them.

Owns the parameters, and that hashing never holds up the event loop nor takes memory without bound: two threads do it,
whatever the number of people who sign in at once. Never knows a user or a row.

Usage::

    stored = await hash_password(password)
    verdict = await verify_password(password, stored)
    if verdict.is_right and verdict.new_hash: ...   # the parameters have changed since: keep the new one
"""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from scribe.domain.errors import WeakPasswordError

MIN_LENGTH = 10
"""NIST SP 800-63B-4 asks for 15 where the password is all there is and 8 beside a second factor; attempts are limited
here, and longer ones are welcome. No rule about kinds of characters and no expiry, as NIST says."""
MAX_LENGTH = 200
"""Characters. The hash takes any length; the limit keeps requests small."""
HASHES_AT_ONCE = 2
"""19 MiB each: 50 sign-ins at once take 38 MiB and wait for each other, instead of a gigabyte."""

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
"""OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane. RFC 9106's second choice (64 MiB, 3
passes, 4 lanes) would take half of what this process may use for two people who sign in."""
_THREADS = ThreadPoolExecutor(HASHES_AT_ONCE, "passwords")
"""One for the process, since the bound is the process's; starts no thread before it is used. Not the loop's own
threads: storage works in those."""

_COMMON = frozenset({
    "0123456789", "1234567890", "12345678910", "0987654321", "9876543210", "1q2w3e4r5t", "1qaz2wsx3edc", "qwertyuiop",
    "qwerty12345", "qwerty123456", "azertyuiop", "azerty12345", "azerty123456", "password12", "password123",
    "password1234", "passwordpassword", "motdepasse", "motdepasse1", "motdepasse123", "administrator",
    "administrateur", "adminadmin", "admin12345", "admin123456", "iloveyou12", "letmein1234", "changeme123",
    "welcome123", "bonjour123", "soleil1234", "smartmeetingscribe",
})  # fmt: skip
"""Of ten characters and more, what lists of leaked passwords have at the top, in English and French."""


@dataclass(frozen=True, slots=True)
class Verdict:
    is_right: bool
    new_hash: str | None = None
    """To be stored instead of the old one, whose parameters are no longer ours."""


def check_new_password(password: str, username: str) -> None:
    """Raises: WeakPasswordError."""
    plain = _normal(password)
    if not MIN_LENGTH <= len(plain) <= MAX_LENGTH:
        raise WeakPasswordError(f"Choose a password of {MIN_LENGTH} to {MAX_LENGTH} characters; spaces are fine.")
    folded = plain.casefold()
    if folded == username.casefold():
        raise WeakPasswordError("The password must not be the user name.")
    if folded in _COMMON or len(set(folded)) == 1:
        raise WeakPasswordError("This password is among the first that anybody would try: choose another one.")


async def hash_password(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, _normal(password))


async def verify_password(password: str, stored: str | None) -> Verdict:
    """Takes as long for nobody (``None``) as for somebody, so that the time does not tell which names exist."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _verify, _normal(password), stored)


def _verify(password: str, stored: str | None) -> Verdict:
    try:
        _HASHER.verify(stored or "", password)
    except VerifyMismatchError:
        return Verdict(is_right=False)
    except (InvalidHashError, VerificationError):  # nobody, or a user who cannot sign in: hash for nothing
        _HASHER.hash(password)
        return Verdict(is_right=False)
    is_outdated = stored is not None and _HASHER.check_needs_rehash(stored)
    return Verdict(is_right=True, new_hash=_HASHER.hash(password) if is_outdated else None)


def _normal(password: str) -> str:
    """One form for what looks the same: keyboards differ in how they send é."""
    return unicodedata.normalize("NFC", password)
