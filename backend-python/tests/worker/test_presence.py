"""What a worker says about the models on its machine."""

import shutil
from pathlib import Path

from scribe.core.config import load_settings
from scribe.engines.catalog import CATALOG
from scribe.engines.model_store import ModelStore
from scribe.worker.presence import catalogue, with_models, worker_facts


def test_every_model_of_the_catalogue_is_told_with_its_licence_and_whether_it_is_here(tmp_path: Path) -> None:
    entries = {entry.name: entry for entry in catalogue(load_settings(models_dir=tmp_path))}
    assert set(entries) == {model.name for model in CATALOG}
    assert entries["campplus"].is_installed  # it ships with the product
    assert not entries["whisper-large-v3"].is_installed
    assert entries["whisper-large-v3"].licence == "MIT"
    assert {name for name, entry in entries.items() if entry.is_default} == {
        "whisper-base", "segmentation-3.0", "campplus",
    }  # fmt: skip


def test_the_default_is_what_the_settings_choose(tmp_path: Path) -> None:
    settings = load_settings(models_dir=tmp_path, transcription__model="whisper-small", diarization__engine="fake")
    assert [entry.name for entry in catalogue(settings) if entry.is_default] == ["whisper-small"]


def test_a_model_that_is_installed_or_removed_meanwhile_is_noticed(tmp_path: Path) -> None:
    settings = load_settings(models_dir=tmp_path)
    before = worker_facts(settings)
    store = ModelStore(tmp_path)
    model = CATALOG.find("whisper-tiny.en")
    folder = store.folder(model)
    for file in model.files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as sparse:
            sparse.truncate(file.size_bytes or 0)
    after = with_models(before, settings)
    assert after.id == before.id
    assert {entry.name for entry in after.catalogue if entry.is_installed} - {
        entry.name for entry in before.catalogue if entry.is_installed
    } == {model.name}
    shutil.rmtree(folder)
    assert with_models(after, settings) == before
