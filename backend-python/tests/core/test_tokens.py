import re

from hypothesis import given
from hypothesis import strategies as st

from scribe.core.tokens import (
    SHOWN_CHARACTERS,
    digest,
    is_same,
    new_api_token,
    new_csrf_token,
    new_one_time_password,
    new_session_id,
)


def test_tokens_carry_their_mark_and_256_random_bits() -> None:
    token = new_api_token()
    assert re.fullmatch(r"smscribe_[A-Za-z0-9_-]{43}", token)  # 43 characters of 6 bits hold 256
    assert len(token[:SHOWN_CHARACTERS]) == 15


def test_no_two_secrets_are_the_same() -> None:
    for make in (new_api_token, new_session_id, new_csrf_token, new_one_time_password):
        assert len({make() for _ in range(1000)}) == 1000


def test_one_time_passwords_can_be_read_out() -> None:
    for _ in range(100):
        assert re.fullmatch(r"([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}", new_one_time_password())


@given(st.text(), st.text())
def test_only_the_same_text_is_the_same_whatever_it_holds(first: str, second: str) -> None:
    assert is_same(first, first)
    assert is_same(first, second) == (first == second)


@given(st.text())
def test_a_digest_is_32_bytes_of_any_text(text: str) -> None:
    assert len(digest(text)) == 32
