from pathlib import Path

import pytest

from scribe.domain.errors import ModelCorruptError, ModelMissingError, ModelUnknownError
from scribe.engines.model_sources import PullOptions, pull
from scribe.engines.model_store import RECORD_NAME, ModelStore, default_models_dir
from tests.tiny_models import CONFIG, CONTENT, WEIGHTS, catalog_of, sha256, tiny_model


@pytest.fixture
def usb(tmp_path: Path) -> Path:
    folder = tmp_path / "usb"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", catalog_of(tiny_model()))


@pytest.fixture
def filled(store: ModelStore, usb: Path) -> ModelStore:
    pull(store, "tiny", PullOptions(folder=usb), lambda *_: None)
    return store


def test_a_missing_model_is_an_error_that_names_the_command(store: ModelStore) -> None:
    with pytest.raises(ModelMissingError, match="scribe models pull tiny"):
        store.path("tiny")
    assert not store.is_installed("tiny")
    assert store.record("tiny") is None


def test_an_unknown_model_is_told_from_a_missing_one(store: ModelStore) -> None:
    with pytest.raises(ModelUnknownError, match="'huge'"):
        store.path("huge")


def test_an_installed_model_is_a_folder_that_an_engine_opens(filled: ModelStore) -> None:
    assert filled.path("tiny") == filled.root / "tiny"
    assert (filled.path("tiny") / "config.json").read_bytes() == CONFIG


@pytest.mark.parametrize("damage", [WEIGHTS[:-1], WEIGHTS + b"x"])
def test_a_file_of_another_size_is_noticed_without_reading_it(filled: ModelStore, damage: bytes) -> None:
    (filled.root / "tiny" / "model.bin").write_bytes(damage)
    with pytest.raises(ModelCorruptError, match="scribe models pull tiny"):
        filled.path("tiny")
    assert not filled.is_installed("tiny")


def test_a_file_that_is_gone_is_noticed(filled: ModelStore) -> None:
    (filled.root / "tiny" / "model.bin").unlink()
    with pytest.raises(ModelCorruptError, match=r"model\.bin is missing"):
        filled.path("tiny")


def test_a_flipped_bit_is_found_by_verify_only(filled: ModelStore) -> None:
    flipped = bytearray(WEIGHTS)
    flipped[5000] ^= 1
    (filled.root / "tiny" / "model.bin").write_bytes(flipped)
    assert filled.is_installed("tiny")
    with pytest.raises(ModelCorruptError, match=r"model\.bin has changed"):
        filled.verify("tiny")


def test_a_forged_record_does_not_hide_a_change_of_a_pinned_model(filled: ModelStore) -> None:
    forged = WEIGHTS[::-1]
    (filled.root / "tiny" / "model.bin").write_bytes(forged)
    record = filled.root / "tiny" / RECORD_NAME
    record.write_text(record.read_text().replace(sha256(WEIGHTS), sha256(forged)))
    with pytest.raises(ModelCorruptError, match="has changed"):
        filled.verify("tiny")


def test_a_record_that_cannot_be_read_is_a_damaged_model(filled: ModelStore) -> None:
    (filled.root / "tiny" / RECORD_NAME).write_text("{")
    with pytest.raises(ModelCorruptError, match="scribe models pull tiny"):
        filled.path("tiny")


def test_a_half_pulled_model_is_not_installed(store: ModelStore) -> None:
    staged = store.root / ".partial" / "tiny"
    staged.mkdir(parents=True)
    for name, content in CONTENT.items():
        (staged / name).write_bytes(content)
    assert not store.is_installed("tiny")


def test_a_folder_copied_by_hand_counts_when_every_pinned_file_is_there(store: ModelStore) -> None:
    folder = store.root / "tiny"
    folder.mkdir(parents=True)
    (folder / "config.json").write_bytes(CONFIG)
    assert not store.is_installed("tiny")
    (folder / "model.bin").write_bytes(WEIGHTS)
    assert store.path("tiny") == folder
    store.verify("tiny")


def test_the_digest_follows_the_content_and_not_the_place(filled: ModelStore, tmp_path: Path) -> None:
    elsewhere = ModelStore(tmp_path / "elsewhere", catalog_of(tiny_model()))
    folder = elsewhere.root / "tiny"
    folder.mkdir(parents=True)
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    assert elsewhere.digest("tiny") == filled.digest("tiny")
    with pytest.raises(ModelMissingError):
        ModelStore(tmp_path / "nowhere", catalog_of(tiny_model())).digest("tiny")


def test_verify_tells_how_much_it_has_read(filled: ModelStore) -> None:
    told: list[int] = []
    filled.verify("tiny", told.append)
    assert sum(told) == len(CONFIG) + len(WEIGHTS)


def test_the_models_folder_is_the_users_own() -> None:
    assert default_models_dir().is_absolute()
    assert default_models_dir().parts[-2:] == ("smart-meeting-scribe", "models")
