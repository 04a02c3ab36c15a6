"""The shipped models are the ones the catalogue names, and compute what their originals compute."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from scribe.engines.catalog import CATALOG
from scribe.engines.model_store import WEIGHTS_DIR, ModelStore, sha256_of

SHIPPED = ("segmentation-3.0", "campplus")


def run(path: Path, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (outcome,) = session.run(None, {"x": x})
    return np.asarray(outcome)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_models_are_intact_and_need_no_pull(name: str, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "nothing here")
    store.verify(name)
    assert store.path(name).parent == WEIGHTS_DIR


@pytest.mark.parametrize("name", SHIPPED)
def test_the_model_card_states_the_hash_and_size_of_the_file(name: str) -> None:
    (file,) = CATALOG.find(name).files
    card = (WEIGHTS_DIR / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"| `{file.path}` | {file.size_bytes:,} | `{sha256_of(WEIGHTS_DIR / file.path)}` |" in card


def test_both_licences_travel_with_the_weights() -> None:
    licences = WEIGHTS_DIR / "licences"
    assert "CNRS" in (licences / "segmentation-3.0.MIT.txt").read_text(encoding="utf-8")
    assert "3D-Speaker" in (licences / "campplus.NOTICE.txt").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in (licences / "Apache-2.0.txt").read_text(encoding="utf-8")


def test_segmentation_gives_589_frames_of_log_probabilities_for_10_s() -> None:
    rng = np.random.default_rng(1)
    y = run(WEIGHTS_DIR / "segmentation-3.0.onnx", rng.normal(0, 0.1, (2, 1, 160_000)).astype(np.float32))
    assert y.shape == (2, 589, 7)
    np.testing.assert_allclose(np.exp(y).sum(axis=2), 1.0, atol=1e-5)


def test_segmentation_hears_nobody_in_silence() -> None:
    y = run(WEIGHTS_DIR / "segmentation-3.0.onnx", np.zeros((1, 1, 160_000), np.float32))
    assert (y.argmax(axis=2) == 0).all()


@pytest.mark.parametrize("num_frames", [40, 148, 298, 1000])
def test_campplus_takes_any_length(num_frames: int) -> None:
    rng = np.random.default_rng(2)
    embedding = run(WEIGHTS_DIR / "campplus.onnx", rng.normal(0, 2, (2, num_frames, 80)).astype(np.float32))
    assert embedding.shape == (2, 192)
    assert np.isfinite(embedding).all()


def test_campplus_does_not_depend_on_its_neighbours_in_a_batch() -> None:
    x = np.random.default_rng(3).normal(0, 2, (3, 150, 80)).astype(np.float32)
    together = run(WEIGHTS_DIR / "campplus.onnx", x)
    alone = np.concatenate([run(WEIGHTS_DIR / "campplus.onnx", one[None]) for one in x])
    np.testing.assert_allclose(together, alone, atol=1e-3)


@pytest.mark.shared
def test_segmentation_agrees_with_an_independent_export_on_speech(shared_models: Path, shared_audio: Path) -> None:
    import av

    with av.open(str(shared_audio / "en-phone-sample" / "sample.flac")) as container:
        pcm = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    chunks = np.stack([pcm[i : i + 160_000] for i in (0, 160_000, 320_000)])[:, None].astype(np.float32) / 32768
    ours = run(WEIGHTS_DIR / "segmentation-3.0.onnx", chunks)
    theirs = run(shared_models / "segmentation-3.0.onnx", chunks)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    assert (ours.argmax(axis=2) == theirs.argmax(axis=2)).mean() > 0.999


@pytest.mark.shared
def test_campplus_agrees_with_an_independent_export(shared_models: Path) -> None:
    x = np.random.default_rng(4).normal(0, 2, (16, 150, 80)).astype(np.float32)
    ours = run(WEIGHTS_DIR / "campplus.onnx", x)
    theirs = run(shared_models / "campplus.w16.onnx", x)
    cosine = (ours * theirs).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    assert cosine.min() > 0.9995
