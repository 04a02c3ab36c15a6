"""Checkpoints give back exactly what was saved."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.domain.errors import ArtefactError
from scribe.domain.meeting import Stage, StageMetrics
from scribe.domain.speech import Diarization, Span, SpeakerLabel, TranscribedBlock, TranscriptSegment, Turn, Word
from scribe.domain.voices import Voiceprint
from scribe.pipeline.codec import decode, encode

times = st.floats(0, 1e5, allow_nan=False)
probabilities = st.floats(0, 1, allow_nan=False)
words = st.builds(Word, times, times, st.text(), probabilities)
segments = st.builds(
    TranscriptSegment,
    times,
    times,
    st.text(),
    st.lists(words, max_size=3).map(tuple),
    st.sampled_from(["fr", "en"]),
    times,
    probabilities,
    times,
)
spans = st.lists(st.builds(Span, times, times)).map(tuple)
blocks = st.builds(TranscribedBlock, times, times, st.lists(segments, max_size=3).map(tuple), spans)


@given(blocks)
def test_a_block_comes_back_equal(block: TranscribedBlock) -> None:
    assert decode(TranscribedBlock, encode(block)) == block


@given(st.integers(0, 2**32 - 1))
def test_a_voiceprint_comes_back_bit_by_bit(seed: int) -> None:
    vector = np.random.default_rng(seed).standard_normal(192).astype(np.float32)
    vector /= np.linalg.norm(vector)
    speaker = SpeakerLabel("SPEAKER_00")
    voiceprint = Voiceprint(vector, "campplus", 3.0)
    back = decode(Diarization, encode(Diarization(1.0, (Turn(0.0, 1.0, speaker),), (), {speaker: voiceprint})))
    assert back.turns == (Turn(0.0, 1.0, speaker),)
    assert back.voiceprints[speaker].vector.tobytes() == vector.tobytes()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"stage":"nowhere"}', b'{"stage":"fuse","seconds":"x"}'])
def test_damage_is_an_artefact_error(content: bytes) -> None:
    with pytest.raises(ArtefactError):
        decode(StageMetrics, content)


def test_an_enum_keeps_its_type() -> None:
    metrics = StageMetrics(Stage.FUSE, 1.0, 1.0, 1.0)
    assert decode(StageMetrics, encode(metrics)).stage is Stage.FUSE
