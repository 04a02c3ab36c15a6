"""Voiceprints against Kaldi's own features, real voices, and audio that must make no print."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import ModelCorruptError, ModelMissingError
from scribe.domain.speech import Span
from scribe.engines.residency import Residency
from scribe.engines.voiceprint import CampPlus, CampPlusExtractor, fbank, unit

MODEL = Path(__file__).resolve().parents[2] / "scribe" / "engines" / "weights" / "campplus.onnx"


@pytest.fixture
def extractor() -> CampPlusExtractor:
    return CampPlusExtractor(MODEL, Residency())


def silence(seconds: float) -> Waveform:
    return Waveform(np.zeros(round(seconds * SAMPLE_RATE_HZ), np.int16))


def test_fbank_agrees_with_kaldi_native_fbank() -> None:
    """The reference: a chirp with a digital pause, through kaldi-native-fbank 1.23.0 (dither 0, povey, 80 bins)."""
    with np.load(Path(__file__).with_name("kaldi_fbank.npz")) as reference:
        features = fbank(reference["pcm"].astype(np.float32) / 32768)
        assert features.shape == reference["features"].shape
        assert np.abs(features - reference["features"]).max() < 1e-3


def test_fbank_does_not_depend_on_the_block_it_works_in() -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 40 * SAMPLE_RATE_HZ).astype(np.float32)
    whole, tail = fbank(samples), fbank(samples[29 * SAMPLE_RATE_HZ :])
    np.testing.assert_allclose(whole[2900:], tail, atol=2e-4)


@pytest.mark.parametrize("num_samples", [0, 1, 399])
def test_audio_shorter_than_a_frame_has_no_features(num_samples: int) -> None:
    assert fbank(np.zeros(num_samples, np.float32)).shape == (0, 80)


def test_a_zero_vector_stays_zero_when_scaled() -> None:
    assert unit(np.zeros((1, 4), np.float32)).tolist() == [[0, 0, 0, 0]]


def test_silence_short_spans_and_spans_beyond_the_end_make_no_print(extractor: CampPlusExtractor) -> None:
    waveform = silence(3)
    spans = [Span(0.0, 3.0), Span(1.0, 1.0), Span(0.0, 0.15), Span(10.0, 12.0)]
    assert extractor.voiceprints(waveform, spans) == [None] * 4


def test_features_that_are_not_numbers_never_come_out_as_a_voice() -> None:
    model = CampPlus.load(MODEL)
    assert not model.embed(np.full((100, 80), np.nan, np.float32)).any()


def test_no_spans_need_no_model(tmp_path: Path) -> None:
    assert CampPlusExtractor(tmp_path / "absent.onnx", Residency()).voiceprints(silence(1), []) == []


def test_a_print_names_the_weights_that_made_it(extractor: CampPlusExtractor) -> None:
    assert extractor.model_revision == "c00b3384f02b8554", "of the shipped weights: see engines/catalog.py"


def test_the_model_is_gone_after_use(extractor: CampPlusExtractor) -> None:
    residency = Residency()
    CampPlusExtractor(MODEL, residency).voiceprints(silence(2), [Span(0.0, 2.0)])
    assert residency.resident == ()


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"absent\.onnx"):
        CampPlusExtractor(tmp_path / "absent.onnx", Residency()).voiceprints(silence(2), [Span(0.0, 2.0)])


def test_a_damaged_model_is_an_error_of_ours(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(MODEL.read_bytes()[:100_000])
    with pytest.raises(ModelCorruptError):
        CampPlus.load(damaged)


@pytest.mark.real
@pytest.mark.shared
def test_a_voice_is_nearer_to_itself_than_to_anybody_else(
    extractor: CampPlusExtractor, shared_audio: Path, read_recording: Callable[[Path], Waveform]
) -> None:
    bank = shared_audio / "en-voicebank-libri"
    clips = [
        min((bank / role / speaker).glob("*.flac"))
        for role in ("enrol", "test")
        for speaker in ("1688", "1998", "2414", "2609", "3080")
    ]
    prints = []
    for clip in clips:
        waveform = read_recording(clip)
        [voiceprint] = extractor.voiceprints(waveform, [Span(0.0, waveform.duration_s)])
        assert voiceprint is not None
        assert voiceprint.model_id == "campplus"
        assert 0 < voiceprint.speech_s <= waveform.duration_s
        prints.append(voiceprint.vector)
    enrolled, tested = np.array(prints[:5]), np.array(prints[5:])
    assert (tested @ enrolled.T).argmax(axis=1).tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(np.linalg.norm(tested, axis=1), 1, atol=1e-5)
