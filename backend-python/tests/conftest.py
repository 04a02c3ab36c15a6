"""What every test may ask for. Tests that need ``../shared/audio`` skip where it is not; nothing here is mocked."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("scribe", deadline=None)  # the clock of a shared machine proves nothing
settings.load_profile("scribe")

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """The folder of real recordings with references; the test is skipped where there is none."""
    folder = Path(os.environ.get("SCRIBE_TEST_AUDIO", REPOSITORY.parent / "shared" / "audio"))
    if not folder.is_dir():
        pytest.skip("the recordings of ../shared/audio are not here")
    return folder


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """Reference ONNX exports to compare ours with; skipped where they are not."""
    folder = REPOSITORY.parent / "shared" / "models"
    if not folder.is_dir():
        pytest.skip("the reference exports of ../shared/models are not here")
    return folder
