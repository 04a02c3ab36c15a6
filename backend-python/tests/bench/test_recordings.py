"""bench/recordings.py and bench/references.py on a folder made here."""

import io
import tarfile
from pathlib import Path

import pytest

from bench.recordings import NON_SPEECH, find_recordings
from bench.references import ReferenceTurn, Utterance, read_rttm, read_stm, read_uem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    audio = tmp_path / "audio"
    for name in ("en-ami/one.flac", "fr-short/un.wav", "odd/plain.ogg", "en-ami/enrol/voice.flac", "loose.mp3"):
        path = audio / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (audio / "en-ami/one.rttm").write_text("SPEAKER one 1 0.5 2.0 <NA> <NA> A <NA> <NA>\n")
    (audio / "en-ami/one.segments.rttm").touch()
    (audio / "en-ami/one.uem").write_text("one 1 0.000 30.000\n")
    (audio / "fr-short/un.txt").write_text("bonjour")
    (audio / "loose.stm").touch()
    return audio


def test_audio_with_a_reference_beside_it_is_a_recording(folder: Path, tmp_path: Path) -> None:
    found = {(r.set_name, r.name, r.language) for r in find_recordings(folder, tmp_path)}
    assert found == {("en-ami", "one", "en"), ("fr-short", "un", "fr"), ("audio", "loose", None)}


def test_sets_can_be_chosen(folder: Path, tmp_path: Path) -> None:
    assert [r.name for r in find_recordings(folder, tmp_path, ["fr-short"])] == ["un"]


def test_the_sets_that_matter_most_come_first(folder: Path, tmp_path: Path) -> None:
    assert [r.set_name for r in find_recordings(folder, tmp_path)] == ["en-ami", "fr-short", "audio"]


def test_only_the_non_speech_files_leave_the_archive(folder: Path, tmp_path: Path) -> None:
    with tarfile.open(folder / "nasty.tar.gz", "w:gz") as tar:
        for name in ("nasty/silence_60s.flac", "nasty/truncated.mp3", "nasty/../../escape.flac"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(KeyError):  # an archive without the other files is not the one we know
        find_recordings(folder, tmp_path / "cache", [NON_SPEECH])
    assert sorted(path.name for path in (tmp_path / "cache").rglob("*.*")) == ["silence_60s.flac"]
    assert not (tmp_path / "escape.flac").exists()


def test_rttm_lines_become_turns_in_order(tmp_path: Path) -> None:
    path = tmp_path / "a.rttm"
    path.write_text("SPEAKER a 1 5.0 1.5 <NA> <NA> B <NA> <NA>\n;; note\nSPEAKER a 1 0.5 2.0 <NA> <NA> A <NA> <NA>\n")
    assert read_rttm(path) == [ReferenceTurn(0.5, 2.5, "A"), ReferenceTurn(5.0, 6.5, "B")]


def test_stm_lines_become_utterances_with_and_without_label(tmp_path: Path) -> None:
    path = tmp_path / "a.stm"
    path.write_text("a 1 B 2 3 <o,f0> oui\n\na 1 A 0 1 Bonjour à tous.\na 1 A 4 5\n")
    assert read_stm(path) == [
        Utterance(0, 1, "A", "Bonjour à tous."),
        Utterance(2, 3, "B", "oui"),
        Utterance(4, 5, "A", ""),
    ]


def test_uem_gives_the_stretch_to_score(tmp_path: Path) -> None:
    path = tmp_path / "a.uem"
    path.write_text("a 1 1.0 10.0\na 1 20.0 30.5\n")
    assert read_uem(path) == (1.0, 30.5)
