"""Accuracy gates on real recordings with references; a point or two above what was measured."""

import io
import tarfile
from pathlib import Path

import jiwer
import numpy as np
import pytest

from scribe.domain.audio import Waveform
from scribe.domain.speech import TranscriptionOptions, TranscriptSegment
from scribe.engines.transcription import WhisperTranscriber
from scribe.engines.transcription.guards import find_loop, normal_words
from tests.engines.transcription.conftest import waveform_of

pytestmark = [pytest.mark.real, pytest.mark.shared]


def read(source: Path | io.BytesIO) -> Waveform:
    from faster_whisper.audio import decode_audio

    return waveform_of(np.asarray(decode_audio(str(source) if isinstance(source, Path) else source)))


def segments_of(transcriber: WhisperTranscriber, waveform: Waveform) -> list[TranscriptSegment]:
    blocks = transcriber.transcribe(waveform, TranscriptionOptions(), progress=lambda _: None)
    return [segment for block in blocks for segment in block.segments]


def plain(text: str) -> str:
    return " ".join(normal_words(text.replace("'", " ").replace("’", " ").replace("-", " ")))


def reference_of(path: Path) -> str:
    if path.with_suffix(".txt").exists():
        return path.with_suffix(".txt").read_text(encoding="utf-8")
    lines = path.with_suffix(".stm").read_text(encoding="utf-8").splitlines()
    rows = [line.split(maxsplit=5) for line in lines if line.strip() and not line.startswith(";;")]
    return " ".join(row[5] for row in sorted(rows, key=lambda row: float(row[3])))


@pytest.mark.parametrize(
    ("files", "most"),
    [
        (["en-phone-sample/sample.flac"], 0.18),
        (["en-ami/EN2001e_000-030.flac", "en-ami/ES2003b_000-030.flac"], 0.28),
        (["en-katiesteve/katiesteve_2019.flac"], 0.08),
        (["fr-short/fr_ibm1.wav", "fr-short/fr_leopard.wav", "fr-short/fr_passerelle.mp3"], 0.15),
    ],
    ids=["telephone", "meeting", "demo", "french"],
)
def test_word_error_rate_stays(
    transcriber: WhisperTranscriber, shared_audio: Path, files: list[str], most: float
) -> None:
    pairs = []
    for name in files:
        path = shared_audio / name
        text = " ".join(segment.text for segment in segments_of(transcriber, read(path)))
        pairs.append((plain(reference_of(path)), plain(text)))
    assert jiwer.wer([reference for reference, _ in pairs], [text for _, text in pairs]) <= most


def nasty(shared_audio: Path, name: str) -> Waveform:
    with tarfile.open(shared_audio / "nasty.tar.gz") as archive:
        member = archive.extractfile(f"nasty/{name}")
        assert member is not None
        return read(io.BytesIO(member.read()))


@pytest.mark.parametrize(
    "name",
    ["silence_60s.flac", "white_noise_60s.mp3", "room_tone_60s.opus", "music_vibe_ace_60s.ogg", "music_brahms_45s.ogg"],
)
def test_music_and_noise_give_no_word(transcriber: WhisperTranscriber, shared_audio: Path, name: str) -> None:
    assert segments_of(transcriber, nasty(shared_audio, name)) == []


def test_a_song_does_not_loop(transcriber: WhisperTranscriber, shared_audio: Path) -> None:
    segments = segments_of(transcriber, nasty(shared_audio, "song_with_words.ogg"))
    assert find_loop(normal_words(" ".join(segment.text for segment in segments))) is None


def test_english_then_french_are_both_written_down(transcriber: WhisperTranscriber, shared_audio: Path) -> None:
    segments = segments_of(transcriber, nasty(shared_audio, "english_then_french.mp3"))
    assert segments[0].language == "en"
    assert segments[-1].language == "fr"
    assert "voiture" in " ".join(segment.text for segment in segments)
