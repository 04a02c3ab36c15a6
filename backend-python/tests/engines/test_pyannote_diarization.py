import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.audio import Waveform
from scribe.domain.errors import EngineError, ModelMissingError, ModelUnknownError
from scribe.domain.speech import Span, SpeakerCount, SpeakerLabel, Turn
from scribe.domain.voices import Voiceprint
from scribe.engines.catalog import CATALOG
from scribe.engines.model_store import ModelStore, default_models_dir
from scribe.engines.pyannote_diarization import (
    PIPELINES,
    LoadedPipeline,
    PyannoteDiarizer,
    measured_prints,
    own_prints,
    turns_of,
)
from scribe.engines.residency import Residency

A, B = SpeakerLabel("SPEAKER_00"), SpeakerLabel("SPEAKER_01")


def silence(seconds: float) -> Waveform:
    return Waveform(np.zeros(int(seconds * 16_000), np.int16))


tracks = st.lists(
    st.tuples(st.floats(-1, 30), st.floats(0.01, 10), st.sampled_from(["x", "y", "z"])).map(
        lambda track: (track[0], track[0] + track[1], track[2])
    ),
    max_size=20,
)


class TestTurns:
    def test_speakers_are_named_in_order_of_appearance(self) -> None:
        turns, labels = turns_of([(5.0, 6.0, "SPEAKER_00"), (1.0, 2.0, "SPEAKER_01")], 10.0)
        assert turns == (Turn(1.0, 2.0, A), Turn(5.0, 6.0, B))
        assert labels == {"SPEAKER_01": A, "SPEAKER_00": B}

    def test_turns_are_cut_at_the_ends_of_the_recording(self) -> None:
        turns, _ = turns_of([(-0.5, 1.0, "x"), (9.0, 11.0, "x"), (10.5, 12.0, "x")], 10.0)
        assert turns == (Turn(0.0, 1.0, A), Turn(9.0, 10.0, A))

    def test_two_tracks_of_one_speaker_that_overlap_become_one_turn(self) -> None:
        assert turns_of([(1.0, 3.0, "x"), (2.0, 4.0, "x")], 10.0)[0] == (Turn(1.0, 4.0, A),)

    def test_overlap_of_two_speakers_is_kept(self) -> None:
        assert turns_of([(1.0, 3.0, "x"), (2.0, 4.0, "y")], 10.0)[0] == (Turn(1.0, 3.0, A), Turn(2.0, 4.0, B))

    @given(tracks)
    def test_any_result_becomes_a_valid_list_of_turns(self, tracks: list[tuple[float, float, str]]) -> None:
        turns, labels = turns_of(tracks, 30.0)
        assert [turn.start_s for turn in turns] == sorted(turn.start_s for turn in turns)
        assert all(0 <= turn.start_s < turn.end_s <= 30 for turn in turns)
        assert {turn.speaker for turn in turns} == set(labels.values())
        for speaker in labels.values():
            mine = [turn for turn in turns if turn.speaker == speaker]
            assert all(one.end_s < other.start_s for one, other in pairwise(mine))


class TestOwnPrints:
    def test_centroids_become_unit_prints_under_our_names(self) -> None:
        turns, labels = turns_of([(5.0, 6.0, "p"), (1.0, 3.0, "q")], 10.0)
        prints = own_prints(turns, labels, {"p": np.array([3, 4], np.float32), "q": np.array([0, 2], np.float32)}, "7")
        np.testing.assert_allclose(prints[B].vector, [0.6, 0.8])
        assert prints[A].speech_s == 2.0
        assert prints[A].model == "wespeaker-resnet34-lm@7"

    @pytest.mark.parametrize("vector", [[0.0, 0.0], [np.nan, 1.0], [np.inf, 1.0]])
    def test_a_vector_that_measures_nothing_makes_no_print(self, vector: list[float]) -> None:
        turns, labels = turns_of([(1.0, 2.0, "p")], 10.0)
        assert own_prints(turns, labels, {"p": np.array(vector, np.float32)}, "7") == {}

    def test_a_label_without_turns_makes_no_print(self) -> None:
        turns, labels = turns_of([(1.0, 2.0, "p")], 10.0)
        vectors = {"p": np.ones(2, np.float32), "gone": np.ones(2, np.float32)}
        assert set(own_prints(turns, labels, vectors, "7")) == {A}


class Ruler:
    """Measures a span as the direction of its start, so that a test sees which spans were measured."""

    model_id = "ruler"

    def __init__(self) -> None:
        self.measured: list[Span] = []

    @property
    def settings(self) -> Mapping[str, object]:
        return {"engine": "ruler"}

    def voiceprints(self, waveform: Waveform, spans: Sequence[Span]) -> list[Voiceprint | None]:
        self.measured += spans
        return [
            Voiceprint(
                np.array([np.cos(span.start_s), np.sin(span.start_s)], np.float32), self.model_id, span.duration_s, "3"
            )
            if span.duration_s >= 0.5
            else None
            for span in spans
        ]


class TestMeasuredPrints:
    def test_only_clean_stretches_are_measured_longest_first(self) -> None:
        ruler = Ruler()
        measured_prints([Turn(0.0, 10.0, A), Turn(7.0, 8.0, B), Turn(20.0, 22.0, B)], silence(30), ruler)
        assert ruler.measured == [Span(0.0, 7.0), Span(8.0, 10.0), Span(20.0, 22.0)]

    def test_a_minute_of_one_voice_is_enough(self) -> None:
        ruler = Ruler()
        prints = measured_prints([Turn(0.0, 50.0, A), Turn(60.0, 100.0, A)], silence(100), ruler)
        assert ruler.measured == [Span(0.0, 50.0), Span(60.0, 70.0)]
        assert prints[A].speech_s == 60.0

    def test_scraps_are_left_out_unless_they_are_all_there_is(self) -> None:
        ruler = Ruler()
        prints = measured_prints([Turn(0.0, 3.0, A), Turn(5.0, 5.4, A), Turn(6.0, 6.6, B)], silence(10), ruler)
        assert ruler.measured == [Span(0.0, 3.0), Span(6.0, 6.6)]
        assert set(prints) == {A, B}

    def test_a_voice_that_cannot_be_measured_has_no_print(self) -> None:
        assert measured_prints([Turn(0.0, 0.3, A)], silence(1), Ruler()) == {}

    def test_prints_have_length_one(self) -> None:
        prints = measured_prints([Turn(3.0, 6.0, A), Turn(8.0, 10.0, A)], silence(10), Ruler())
        assert np.linalg.norm(prints[A].vector) == pytest.approx(1.0)
        assert prints[A].model == "ruler@3"


def model_folder(tmp_path: Path, name: str) -> Path:
    for file in CATALOG.find(name).files:
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).write_bytes(b"")
    return tmp_path


class TestWhatIsMissing:
    @pytest.mark.parametrize("name", PIPELINES)
    def test_missing_models_are_named_with_the_command(self, tmp_path: Path, name: str) -> None:
        diarizer = PyannoteDiarizer(tmp_path, name, Residency())
        with pytest.raises(ModelMissingError, match=f"scribe models pull {name}"):
            diarizer.diarize(silence(1), SpeakerCount(), lambda _: None)

    def test_a_missing_extra_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyannote.audio", None)
        diarizer = PyannoteDiarizer(model_folder(tmp_path, "pyannote-3.1"), "pyannote-3.1", Residency())
        with pytest.raises(EngineError, match=r"smart-meeting-scribe\[pyannote\]"):
            diarizer.diarize(silence(1), SpeakerCount(), lambda _: None)

    def test_an_unknown_pipeline_is_refused_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(ModelUnknownError, match="whisper-base"):
            PyannoteDiarizer(tmp_path, "whisper-base", Residency())


def test_nothing_is_loaded_for_an_empty_recording(tmp_path: Path) -> None:
    done: list[float] = []
    diarization = PyannoteDiarizer(tmp_path, "pyannote-3.1", Residency()).diarize(
        silence(0), SpeakerCount(), done.append
    )
    assert diarization.turns == ()


def test_settings_name_the_weights_without_loading_them(tmp_path: Path) -> None:
    settings = PyannoteDiarizer(tmp_path, "pyannote-3.1", Residency(), extractor=Ruler()).settings
    assert settings["sha256"] == {
        "segmentation/pytorch_model.bin": "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
        "embedding/pytorch_model.bin": "366edf44f4c80889a3eb7a9d7bdf02c4aede3127f7dd15e274dcdb826b143c56",
    }
    assert settings["voiceprints"] == {"engine": "ruler"}
    assert "torch" not in sys.modules


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("name", PIPELINES)
def test_the_original_pipeline_finds_both_callers(name: str, shared_audio: Path) -> None:
    """Runs where the extra and the pipeline's models are installed."""
    import av

    pytest.importorskip("pyannote.audio")
    store = ModelStore(default_models_dir())
    if not store.is_installed(name):
        pytest.skip(f"{name} is not installed")
    with av.open(str(shared_audio / "en-phone-sample" / "sample.flac")) as container:
        pcm = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    told: list[float] = []
    residency = Residency()
    diarization = PyannoteDiarizer(store.path(name), name, residency).diarize(
        Waveform(pcm.astype(np.int16)), SpeakerCount(), told.append
    )
    assert diarization.speakers == (A, B)
    assert set(diarization.voiceprints) == {A, B}
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert residency.resident == ()


def test_the_pipeline_is_dropped_when_it_is_unloaded() -> None:
    pytest.importorskip("torch")
    loaded = LoadedPipeline(object())
    loaded.unload()
    assert loaded._pipeline is None
