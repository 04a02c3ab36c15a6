"""What the documents promise is what the code has: every error code, every setting."""

from collections.abc import Iterator

import pytest

from scribe.core.config import setting_names
from scribe.domain import errors
from scribe.domain.exports.wording import wording
from scribe.pipeline.run import _AUDIO_WARNINGS
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


def test_every_warning_of_the_converter_has_a_sentence_in_both_languages_and_in_the_docs() -> None:
    source = "".join(path.read_text() for path in (REPOSITORY / "backend-python/scribe/adapters").glob("audio*.py"))
    codes = {code for code in _AUDIO_WARNINGS if f'"{code}"' in source}
    assert codes == set(_AUDIO_WARNINGS)
    page = (REPOSITORY / "docs" / "errors.md").read_text()
    french = wording("fr").warnings
    assert all(f"| `audio.{code}` |" in page and f"audio.{code}" in french for code in codes)
