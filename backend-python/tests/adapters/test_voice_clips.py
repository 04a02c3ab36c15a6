"""Whose clips stand in a folder: every file is a clip, or named as skipped, or an error that says what to do."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from scribe.adapters.voice_clips import ClipFile, find_voice_clips, prepared
from scribe.domain.audio import AudioFacts, Waveform
from scribe.domain.errors import NotAudioError, VoiceClipError


def folder_of(root: Path, *files: str) -> Path:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"sound")
    return root


def test_a_file_is_a_person_and_so_is_a_folder_of_clips(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "Ada Lovelace.m4a", "Bob/lunch.wav", "Bob/call.opus")
    assert find_voice_clips(root).clips == (
        ClipFile("Ada Lovelace", root / "Ada Lovelace.m4a"),
        ClipFile("Bob", root / "Bob/call.opus"),
        ClipFile("Bob", root / "Bob/lunch.wav"),
    )


def test_a_file_and_a_folder_of_one_name_are_one_person(tmp_path: Path) -> None:
    assert find_voice_clips(folder_of(tmp_path, "Ada.wav", "Ada/more.wav")).names == ("Ada",)


def test_a_name_is_the_same_however_its_accents_were_written(tmp_path: Path) -> None:
    decomposed, composed = unicodedata.normalize("NFD", "Zoé"), unicodedata.normalize("NFC", "Zoé")
    found = find_voice_clips(folder_of(tmp_path, f"{decomposed}.wav", f"{composed}/more.wav"))
    assert found.names == (composed,)
    assert len(found.clips) == 2


def test_a_name_may_hold_a_full_stop(tmp_path: Path) -> None:
    assert find_voice_clips(folder_of(tmp_path, "Dr. Ada.wav")).names == ("Dr. Ada",)


def test_what_is_left_out_is_listed(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "Ada.wav", ".DS_Store", "notes.txt", "Bob/clip.flac", "Bob/Thumbs.db", ".git/config")
    assert find_voice_clips(root).skipped == (
        root / ".DS_Store",
        root / ".git",
        root / "Bob/Thumbs.db",
        root / "notes.txt",
    )


def test_an_unknown_ending_is_left_to_the_decoder(tmp_path: Path) -> None:
    assert find_voice_clips(folder_of(tmp_path, "Ada.g722", "Bob")).names == ("Ada", "Bob")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "holds no recording"),
        (["notes.txt"], "holds no recording"),
        (["Ada.wav", "Bob/notes.txt"], "no recording of Bob"),
        (["Bob/old/clip.wav"], "inside Bob's folder"),
        (["Ada.wav", "ada/clip.wav"], "Ada and ada look like one person"),
        (["SPEAKER_03.wav"], "no usable name: SPEAKER_03 is what an unknown speaker is called"),
        (["A\u202eda.wav"], "no usable name"),
        (["A\ada.wav"], "no usable name"),
        (["a" * 101 + ".wav"], "no usable name"),
        ([" .wav"], "no usable name"),
    ],
)
def test_a_folder_that_cannot_be_used_says_why(tmp_path: Path, files: list[str], says: str) -> None:
    with pytest.raises(VoiceClipError, match=says):
        find_voice_clips(folder_of(tmp_path, *files))


def test_a_name_has_single_spaces_as_everywhere(tmp_path: Path) -> None:
    folder = find_voice_clips(folder_of(tmp_path, "Ada  Byron \n Lovelace.wav", "Ada Byron Lovelace/clip.wav"))
    assert folder.names == ("Ada Byron Lovelace",)


def test_a_missing_folder_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(VoiceClipError, match=r"not a folder.*Name\.wav"):
        find_voice_clips(tmp_path / "nowhere")


def test_a_file_name_that_is_no_text_can_still_be_told(tmp_path: Path) -> None:
    root = folder_of(tmp_path, "Ada/bad\udcff\x1b[2J.wav")
    [clip] = prepared(find_voice_clips(root), _Converter(), tmp_path)
    assert clip.source == "Ada/bad\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[2J.wav"


class _Converter:
    """Decodes nothing; a file called ``broken`` is no audio."""

    def __init__(self) -> None:
        self.converted: list[str] = []

    def convert(self, source: Path, target: Path, progress: object) -> AudioFacts:
        if source.stem == "broken":
            raise NotAudioError("This is not audio.")
        self.converted.append(source.name)
        np.zeros(160, np.int16).tofile(target)
        return AudioFacts(0.01, "wav", "pcm_s16le", 16_000, 1, "mono", 0.0, "", 0)

    def open(self, wav: Path) -> Waveform:
        return Waveform(np.fromfile(wav, np.int16))


def test_a_clip_is_converted_only_when_it_is_read(tmp_path: Path) -> None:
    converter = _Converter()
    root = folder_of(tmp_path / "voices", "Ada.wav", "Bob/lunch.wav")
    (tmp_path / "work").mkdir()
    ada, bob = prepared(find_voice_clips(root), converter, tmp_path / "work")
    assert converter.converted == []
    assert (bob.name, bob.source, bob.read().num_samples) == ("Bob", "Bob/lunch.wav", 160)
    assert converter.converted == ["lunch.wav"]
    assert ada.read().num_samples == 160


def test_a_file_that_is_no_audio_is_named(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "voices", "Ada/broken.wav")
    [clip] = prepared(find_voice_clips(root), _Converter(), tmp_path)
    with pytest.raises(VoiceClipError, match=r"Ada/broken\.wav cannot be read: This is not audio"):
        clip.read()
