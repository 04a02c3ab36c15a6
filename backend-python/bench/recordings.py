"""Finds the recordings of a folder laid out like the shared audio, with their references.

A set is a folder; a recording is an audio file with ``.rttm``, ``.stm`` or ``.txt`` of the same name beside it. A
folder that holds such files itself is one set. ``nasty.tar.gz`` gives the set ``non-speech``: files in which nobody
speaks.

Usage::

    for recording in find_recordings(Path("shared/audio"), cache): ...
"""

import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

AUDIO_SUFFIXES = frozenset({".aiff", ".flac", ".m4a", ".mp3", ".mp4", ".ogg", ".opus", ".wav", ".webm"})

FIRST_SETS = ("en-phone-sample", "en-ami", "en-composed", "en-katiesteve", "fr-fleurs", "fr-short", "samples")
"""Run first, so that an interrupted run has the sets that matter most."""

NON_SPEECH = "non-speech"
NON_SPEECH_FILES = (
    "silence_60s.flac",
    "white_noise_60s.mp3",
    "room_tone_60s.opus",
    "tone_440hz_30s.mp3",
    "music_vibe_ace_60s.ogg",
    "music_brahms_45s.ogg",
    "video_silent_audio.mp4",
)


@dataclass(frozen=True, slots=True)
class Recording:
    set_name: str
    audio: Path
    language: str | None
    """From the set's name (``en-…``, ``fr-…``); ``None``: mixed or unknown."""
    rttm: Path | None = None
    stm: Path | None = None
    uem: Path | None = None
    text: Path | None = None

    @property
    def name(self) -> str:
        return self.audio.stem

    @property
    def is_non_speech(self) -> bool:
        return self.set_name == NON_SPEECH


def language_of(set_name: str) -> str | None:
    prefix = set_name.partition("-")[0]
    return prefix if prefix in {"en", "fr", "de", "es", "it", "nl", "pt"} else None


def recordings_in(folder: Path, set_name: str | None = None, language: str | None = None) -> list[Recording]:
    """The recordings directly in ``folder``. AMI's second convention (``.segments.rttm``) is left aside."""
    name = set_name or folder.name
    found = []
    for audio in sorted(folder.iterdir()):
        if audio.suffix.lower() not in AUDIO_SUFFIXES:
            continue
        beside = {kind: audio.with_suffix(f".{kind}") for kind in ("rttm", "stm", "uem", "txt")}
        there = {kind: path if path.exists() else None for kind, path in beside.items()}
        if name == NON_SPEECH or there["rttm"] or there["stm"] or there["txt"]:
            found.append(
                Recording(
                    name, audio, language or language_of(name), there["rttm"], there["stm"], there["uem"], there["txt"]
                )
            )
    return found


def non_speech_files(archive: Path, cache: Path) -> Path:
    """Takes the named members, and only those, out of the archive."""
    folder = cache / NON_SPEECH
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for name in NON_SPEECH_FILES:
            target = folder / name
            if not target.exists() and (member := tar.extractfile(f"nasty/{name}")):
                target.write_bytes(member.read())
    return folder


def find_recordings(root: Path, cache: Path, wanted: Sequence[str] = ()) -> list[Recording]:
    """All recordings below ``root``, the sets of :data:`FIRST_SETS` first; only the sets ``wanted`` where given."""
    sets = {folder.name: recordings_in(folder) for folder in sorted(root.iterdir()) if folder.is_dir()}
    sets[root.resolve().name] = recordings_in(root, root.resolve().name)
    archive = root / "nasty.tar.gz"
    if archive.exists() and (not wanted or NON_SPEECH in wanted):
        sets[NON_SPEECH] = recordings_in(non_speech_files(archive, cache), NON_SPEECH)
    names = [name for name in sets if sets[name] and (not wanted or name in wanted)]
    names.sort(key=lambda name: FIRST_SETS.index(name) if name in FIRST_SETS else len(FIRST_SETS))
    return [recording for name in names for recording in sets[name]]
