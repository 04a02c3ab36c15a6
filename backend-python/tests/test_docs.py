"""What the documents promise is what the code has: every error code, every setting."""

from collections.abc import Iterator

import pytest

from scribe.core.config import setting_names
from scribe.domain import errors
from tests.conftest import REPOSITORY


def every_error(root: type[errors.ScribeError] = errors.ScribeError) -> Iterator[type[errors.ScribeError]]:
    yield root
    for child in root.__subclasses__():
        yield from every_error(child)


@pytest.mark.parametrize("error", sorted(every_error(), key=lambda kind: kind.code), ids=lambda kind: kind.code)
def test_every_error_code_is_documented(error: type[errors.ScribeError]) -> None:
    assert f"| `{error.code}` |" in (REPOSITORY / "docs" / "errors.md").read_text()


def test_error_codes_are_unique() -> None:
    codes = [error.code for error in every_error()]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("name", setting_names())
def test_every_setting_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (REPOSITORY / "docs" / "configuration.md").read_text()
