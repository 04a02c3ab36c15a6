import re
from pathlib import Path

import pytest

from scribe.engines.catalog import CATALOG
from scribe.engines.model import HubFile, Model, PackageFile, WheelMembers

every_model = pytest.mark.parametrize("model", list(CATALOG), ids=lambda model: model.name)


def test_names_are_unique() -> None:
    names = [model.name for model in CATALOG]
    assert len(names) == len(set(names))


def test_the_default_pipeline_is_pinned_and_needs_no_hub() -> None:
    assert {model.name for model in CATALOG.defaults} == {"whisper-base", "segmentation-3.0", "campplus"}
    for model in CATALOG.defaults:
        assert model.is_pinned
        assert not any(isinstance(file.origins[0], HubFile) for file in model.files)


WISHED_FOR = (
    "whisper-large-v3",
    "whisper-large-v3-turbo",
    "whisper-distil-large-v3",
    "whisper-small",
    "whisper-medium",
    "whisper-large-v3-french-distil-dec16",
    "wespeaker-resnet34-lm",
    "pyannote-3.1",
    "pyannote-community-1",
)


@pytest.mark.parametrize("name", WISHED_FOR)
def test_what_people_ask_for_is_there(name: str) -> None:
    assert CATALOG.find(name).files


@every_model
def test_a_model_says_whose_it_is_and_what_for(model: Model) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]+", model.name)
    assert model.licence in ("MIT", "Apache-2.0", "CC-BY-4.0", "MIT AND CC-BY-4.0")
    assert model.origin
    assert model.languages
    assert model.summary.endswith(".")
    assert model.memory_mb is None or "measured" in model.memory_note or "published" in model.memory_note


@every_model
def test_hashes_and_revisions_are_whole_or_absent(model: Model) -> None:
    for file in model.files:
        assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        assert file.size_bytes is None or file.size_bytes > 0
        for origin in file.origins:
            if isinstance(origin, HubFile):
                assert origin.revision is None or re.fullmatch(r"[0-9a-f]{40}", origin.revision)
            if isinstance(origin, WheelMembers):
                assert all(re.fullmatch(r"[0-9a-f]{64}", wheel.sha256) for wheel, _ in origin.parts)
                assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", wheel.requirement) for wheel, _ in origin.parts)


@every_model
def test_a_file_has_one_place_inside_the_models_folder(model: Model) -> None:
    paths = [file.path for file in model.files]
    assert len(paths) == len(set(paths))
    assert not any(path.startswith("/") or ".." in path.split("/") for path in paths)
    assert model.entry is None or model.entry in paths


@every_model
def test_whisper_models_bring_the_tokenizer_that_would_otherwise_be_downloaded(model: Model) -> None:
    """Without tokenizer.json faster-whisper asks the hub for one while it runs."""
    if model.name.startswith("whisper-"):
        assert {"config.json", "model.bin", "tokenizer.json"} <= {file.path for file in model.files}


@every_model
def test_only_what_ships_comes_from_the_package(model: Model) -> None:
    kinds = {isinstance(origin, PackageFile) for file in model.files for origin in file.origins}
    assert kinds == {model.is_shipped}


def test_models_without_a_known_revision_say_so() -> None:
    assert [model.name for model in CATALOG if model.needs_revision] == ["whisper-large-v3-distil-fr-v0.2"]
    assert not CATALOG.find("whisper-large-v3-distil-fr-v0.2").is_pinned


@every_model
def test_the_documentation_says_what_is_known_of_every_model(model: Model) -> None:
    documentation = (Path(__file__).resolve().parents[3] / "docs" / "models.md").read_text(encoding="utf-8")
    (row,) = [line for line in documentation.splitlines() if line.startswith(f"| `{model.name}`")]
    assert row.endswith("| all |") == model.is_pinned
    assert ("you name the revision" in row) == model.needs_revision
    assert model.licence.replace(" AND ", " and ") in row
