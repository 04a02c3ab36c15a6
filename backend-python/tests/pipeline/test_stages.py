"""What a human moved reaches the words: with the fake engines, through the stage as a run calls it."""

import numpy as np

from scribe.domain.audio import SAMPLE_RATE_HZ, Waveform
from scribe.domain.carry_over import HandMove, HandMoves
from scribe.domain.fusion import Fusion
from scribe.domain.speech import Diarization, Span, SpeakerCount, SpeakerLabel, Transcript, TranscriptionOptions
from scribe.engines.fake import FakeDiarizer, FakeExtractor, FakeTranscriber
from scribe.pipeline.stages import fuse_words_and_turns, join_blocks

LOW, HIGH = SpeakerLabel("SPEAKER_00"), SpeakerLabel("SPEAKER_01")
ANNE, BEN = SpeakerLabel("SPEAKER_07"), SpeakerLabel("SPEAKER_03")
EARLIER = {ANNE: (Span(0, 8),), BEN: (Span(10, 18),)}
"""Who spoke when in an earlier run, which called them otherwise."""


def two_voices() -> Waveform:
    """A low tone from 0 to 8 s, a high one from 10 to 18 s."""
    instants = np.arange(20 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    tone = np.where(instants < 9, np.sin(2 * np.pi * 150 * instants), np.sin(2 * np.pi * 900 * instants))
    tone[((instants >= 8) & (instants < 10)) | (instants >= 18)] = 0
    return Waveform((9000 * tone).astype(np.int16))


def heard() -> tuple[Waveform, Transcript, Diarization]:
    waveform = two_voices()
    diarization = FakeDiarizer().diarize(waveform, SpeakerCount(), lambda _: None)
    blocks = FakeTranscriber().transcribe(waveform, TranscriptionOptions(), progress=lambda _: None)
    return waveform, join_blocks(blocks, waveform.duration_s), diarization


def fused(moves: HandMoves | None) -> Fusion:
    waveform, transcript, diarization = heard()
    return fuse_words_and_turns(transcript, diarization, lambda: waveform, FakeExtractor(), moves)


def speakers_between(fusion: Fusion, start_s: float, end_s: float) -> set[str | None]:
    return {
        word.speaker
        for segment in fusion.segments
        for word in segment.words
        if start_s <= (word.start_s + word.end_s) / 2 < end_s
    }


def test_what_was_moved_in_an_earlier_run_is_with_its_speaker_under_the_new_label() -> None:
    fusion = fused(HandMoves((HandMove(Span(3, 5), BEN),), EARLIER))
    assert speakers_between(fusion, 3, 5) == {HIGH}
    assert speakers_between(fusion, 0, 2) == {LOW}
    assert speakers_between(fusion, 10, 18) == {HIGH}


def test_what_was_moved_to_somebody_who_is_not_found_again_stays_where_it_is() -> None:
    gone = HandMoves((HandMove(Span(3, 5), SpeakerLabel("SPEAKER_09")),), EARLIER)
    assert fused(gone) == fused(None)


def test_without_moves_nothing_changes() -> None:
    assert fused(HandMoves((), EARLIER)) == fused(None)


def test_without_a_diarization_moves_do_no_harm() -> None:
    waveform, transcript, _ = heard()
    moves = HandMoves((HandMove(Span(3, 5), BEN),), EARLIER)
    fusion = fuse_words_and_turns(transcript, None, lambda: waveform, FakeExtractor(), moves)
    assert speakers_between(fusion, 0, 20) == {None}
