import asyncio
import os
import subprocess
import sys
import textwrap
import time
import unicodedata

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from scribe.core.passwords import MAX_LENGTH, MIN_LENGTH, check_new_password, hash_password, verify_password
from scribe.domain.errors import WeakPasswordError

PASSWORD = "three words are fine"


async def test_a_hash_is_argon2id_with_the_figures_of_owasp_and_never_twice_the_same() -> None:
    first, second = await hash_password(PASSWORD), await hash_password(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second


async def test_the_right_password_is_right_and_any_other_is_wrong() -> None:
    stored = await hash_password(PASSWORD)
    assert (await verify_password(PASSWORD, stored)).is_right
    assert not (await verify_password(PASSWORD + " ", stored)).is_right
    assert not (await verify_password(PASSWORD[:-1], stored)).is_right


async def test_text_after_a_nul_counts() -> None:
    stored = await hash_password("three words\0are fine")
    assert not (await verify_password("three words\0are wrong", stored)).is_right


async def test_accents_may_come_in_one_piece_or_in_two() -> None:
    stored = await hash_password(unicodedata.normalize("NFD", "été à la mer"))
    assert (await verify_password(unicodedata.normalize("NFC", "été à la mer"), stored)).is_right


async def test_a_hash_of_other_parameters_is_right_and_asks_to_be_replaced() -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    verdict = await verify_password(PASSWORD, weaker)
    assert verdict.is_right
    assert verdict.new_hash is not None
    assert (await verify_password(PASSWORD, verdict.new_hash)).new_hash is None
    assert (await verify_password("not the password", weaker)).new_hash is None


@pytest.mark.parametrize("stored", [None, "", "!", "$argon2id$v=19$m=19456,t=2,p=1$broken", "$2b$12$" + "x" * 53])
async def test_nobody_and_whoever_cannot_sign_in_are_wrong(stored: str | None) -> None:
    assert not (await verify_password(PASSWORD, stored)).is_right


async def test_nobody_takes_the_computing_time_of_somebody() -> None:
    """CPU time, not the clock: other processes do not count. A check without a hash takes a thousandth."""
    stored = await hash_password(PASSWORD)

    async def cpu_s(stored: str | None) -> float:
        before = time.process_time()
        for _ in range(5):
            await verify_password("not the password", stored)
        return time.process_time() - before

    somebody, nobody, locked = await cpu_s(stored), await cpu_s(None), await cpu_s("!")
    assert 0.5 < nobody / somebody < 2
    assert 0.5 < locked / somebody < 2


async def test_hashing_does_not_hold_up_the_event_loop() -> None:
    hashing = asyncio.create_task(hash_password(PASSWORD))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not hashing.done()
    await hashing


def test_fifty_people_who_sign_in_at_once_take_the_memory_of_two() -> None:
    program = """
        import asyncio, resource
        from scribe.core.passwords import hash_password, verify_password

        async def main():
            stored = await hash_password("three words are fine")
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            await asyncio.gather(*(verify_password("wrong", stored) for _ in range(50)))
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

        asyncio.run(main())
    """
    shown = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout  # fmt: skip
    grown_kb = int(shown)
    assert grown_kb < 45_000  # one more than the 19 MiB that the first one took, and some for threads


@pytest.mark.parametrize(
    "password",
    [
        "nine char",
        "a" * (MAX_LENGTH + 1),
        "claire.martin",
        "CLAIRE.MARTIN",
        "motdepasse123",
        "PASSWORD123",
        "8888888888",
    ],
)
def test_what_anybody_would_try_first_is_refused(password: str) -> None:
    with pytest.raises(WeakPasswordError):
        check_new_password(password, "claire.martin")


@pytest.mark.parametrize("password", ["a" * 9 + "b", "пароль из слов", "     six spaces", "x" * (MAX_LENGTH - 1) + "y"])
def test_no_kind_of_character_is_asked_for(password: str) -> None:
    check_new_password(password, "claire")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=MAX_LENGTH + 10))
def test_any_text_is_either_long_enough_or_refused(password: str) -> None:
    try:
        check_new_password(password, "claire")
    except WeakPasswordError:
        return
    assert MIN_LENGTH <= len(unicodedata.normalize("NFC", password)) <= MAX_LENGTH
