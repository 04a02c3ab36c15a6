"""The whole diarizer with its real models: gates on real speech, and audio that has no speech at all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.errors import Cancelled, ModelMissingError
from scribe.domain.speech import Diarization, SpeakerCount
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.residency import ModelT, Residency

WEIGHTS = Path(__file__).resolve().parents[3] / "scribe" / "engines" / "weights"


class WatchedResidency(Residency):
    """Remembers what was resident at every load."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, ...]] = []

    def hold(self, name: str, load: Callable[[], ModelT]):  # type: ignore[no-untyped-def,override]
        def watched() -> ModelT:
            self.seen.append(self.resident)
            return load()

        return super().hold(name, watched)


def diarizer(residency: Residency | None = None) -> OnnxDiarizer:
    return OnnxDiarizer(WEIGHTS / "segmentation-3.0.onnx", WEIGHTS / "campplus.onnx", residency or Residency())


def diarize(samples: np.ndarray) -> Diarization:
    return diarizer().diarize(Waveform(samples.astype(np.int16)), SpeakerCount(), lambda _: None)


@pytest.mark.parametrize("num_samples", [0, 1, 2400, 400 * 40, 16000 * 11])
def test_silence_has_no_speakers_whatever_its_length(num_samples: int) -> None:
    diarization = diarize(np.zeros(num_samples))
    assert diarization.turns == diarization.exclusive_turns == ()
    assert diarization.voiceprints == {}
    assert diarization.duration_s == num_samples / SAMPLE_RATE_HZ


@pytest.mark.parametrize("level", [30, 3000])
def test_noise_has_no_speakers(level: int) -> None:
    assert diarize(np.random.default_rng(0).normal(0, level, 12 * SAMPLE_RATE_HZ)).turns == ()


def test_a_tone_has_no_speakers() -> None:
    times = np.arange(12 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    assert diarize(8000 * np.sin(2 * np.pi * 440 * times)).turns == ()


def test_a_missing_model_is_named_before_any_work(tmp_path: Path) -> None:
    broken = OnnxDiarizer(tmp_path / "absent.onnx", WEIGHTS / "campplus.onnx", Residency())
    with pytest.raises(ModelMissingError, match=r"absent\.onnx"):
        broken.diarize(Waveform(np.zeros(16000, np.int16)), SpeakerCount(), lambda _: None)
    with pytest.raises(ModelMissingError):
        broken.settings  # noqa: B018 -- reading it is the test


def test_settings_tell_which_models_and_constants_a_result_depends_on() -> None:
    settings = diarizer().settings
    assert settings["segmentation"] == "segmentation-3.0"
    assert len(str(settings["voiceprint_sha256"])) == 64
    assert "tuning" in settings


@pytest.mark.real
@pytest.mark.shared
def test_a_telephone_call_of_two(
    shared_audio: Path, read_recording: Callable[[Path], Waveform], error_rate: Callable[..., float]
) -> None:
    folder = shared_audio / "en-phone-sample"
    waveform = read_recording(folder / "sample.flac")
    residency = WatchedResidency()
    fractions: list[float] = []
    diarization = diarizer(residency).diarize(waveform, SpeakerCount(), fractions.append)

    assert error_rate(folder / "sample.rttm", diarization.turns, 30.0) <= 0.065  # measured 0.052
    assert len(diarization.speakers) == 2
    assert residency.seen == [("segmentation-3.0",), ("campplus",)], "two models were resident together"
    assert residency.resident == ()
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert set(diarization.voiceprints) == set(diarization.speakers)
    first, second = (diarization.voiceprints[speaker] for speaker in diarization.speakers)
    assert float(first.vector @ second.vector) < 0.8
    assert first.speech_s > 5
    assert np.linalg.norm(first.vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.real
@pytest.mark.shared
@pytest.mark.parametrize("wanted", [1, 3])
def test_the_number_of_speakers_asked_for_is_the_number_found(
    shared_audio: Path, read_recording: Callable[[Path], Waveform], wanted: int
) -> None:
    waveform = read_recording(shared_audio / "en-phone-sample" / "sample.flac")
    diarization = diarizer().diarize(waveform, SpeakerCount(exact=wanted), lambda _: None)
    assert len(diarization.speakers) == wanted


@pytest.mark.real
@pytest.mark.shared
def test_a_cancel_passes_through_and_leaves_no_model_behind(
    shared_audio: Path, read_recording: Callable[[Path], Waveform]
) -> None:
    def cancel(fraction: float) -> None:
        if fraction > 0.3:
            raise Cancelled("Somebody pressed the button.")

    residency = Residency()
    waveform = read_recording(shared_audio / "en-phone-sample" / "sample.flac")
    with pytest.raises(Cancelled):
        diarizer(residency).diarize(waveform, SpeakerCount(), cancel)
    assert residency.resident == ()


@pytest.mark.real
@pytest.mark.shared
@pytest.mark.slow
def test_a_meeting_of_eight(
    shared_audio: Path, read_recording: Callable[[Path], Waveform], error_rate: Callable[..., float]
) -> None:
    folder = shared_audio / "en-composed"
    waveform = read_recording(folder / "encomp_dev_easy.flac")
    diarization = diarizer().diarize(waveform, SpeakerCount(), lambda _: None)
    assert len(diarization.speakers) == 8
    assert error_rate(folder / "encomp_dev_easy.rttm", diarization.turns, waveform.duration_s) <= 0.12  # 0.108
