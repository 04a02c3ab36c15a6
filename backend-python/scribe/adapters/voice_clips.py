"""Clips of people's voices in a folder: ``DIR/<Name>.<ext>`` or ``DIR/<Name>/<anything>.<ext>``, or both.

Owns the reading of names and files; never judges a voice (``engines/identification.py`` does). What is left out is
said: a file that is no recording stands in ``skipped``, a name that cannot be used is an error.

Usage::

    found = find_voice_clips(Path("voices"))
    clips = prepared(found, converter, Path(temporary_folder))      # read lazily, one conversion at a time
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scribe.domain.audio import AudioFacts, Waveform
from scribe.domain.errors import AudioError, OptionError, VoiceClipError
from scribe.domain.people import clean_name
from scribe.domain.voices import VoiceClip

_NOT_AUDIO = frozenset(
    {".csv", ".ctm", ".db", ".doc", ".docx", ".htm", ".html", ".ini", ".jpeg", ".jpg", ".json", ".jsonl", ".md"}
    | {
        ".odt",
        ".pdf",
        ".png",
        ".rttm",
        ".srt",
        ".stm",
        ".toml",
        ".tsv",
        ".txt",
        ".uem",
        ".vtt",
        ".xml",
        ".yaml",
        ".yml",
    }
)
"""Endings of what people keep beside recordings. All else is tried: the decoder knows more formats than a list does."""
_EXPECTED = "A folder of voices holds one recording per person, Name.wav, or one folder per person, Name/clip.wav."
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""They turn the text around them: a path could make a line of the screen read backwards."""


class _Converter(Protocol):
    """What this module needs of ``adapters/audio.py``."""

    def convert(self, source: Path, target: Path, progress: "_Progress") -> AudioFacts: ...

    def open(self, wav: Path) -> Waveform: ...


class _Progress(Protocol):
    def __call__(self, fraction: float, /) -> None: ...


@dataclass(frozen=True, slots=True)
class ClipFile:
    """One recording and the person whose voice it is."""

    name: str
    """Unicode NFC, no space around it."""
    path: Path


@dataclass(frozen=True, slots=True)
class ClipFolder:
    """What a folder of voices holds."""

    root: Path
    clips: tuple[ClipFile, ...]
    """By name, then by path."""
    skipped: tuple[Path, ...]
    """Files that are no recordings by their names: hidden ones, text, pictures."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({clip.name for clip in self.clips}))


def find_voice_clips(root: Path) -> ClipFolder:
    """Raises: VoiceClipError when the folder, a name or a person's set of clips cannot be used."""
    if not root.is_dir():
        raise VoiceClipError(f"{_shown(root)} is not a folder. {_EXPECTED}")
    clips: list[ClipFile] = []
    skipped: list[Path] = []
    for path in sorted(root.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            clips += _of_one_person(path, skipped)
        elif _is_recording(path):
            clips.append(ClipFile(_person(path.stem, path), path))
        else:
            skipped.append(path)
    if not clips:
        raise VoiceClipError(f"{_shown(root)} holds no recording. {_EXPECTED}")
    _refuse_names_that_differ_in_case(clips)
    return ClipFolder(root, tuple(sorted(clips, key=lambda clip: (clip.name, clip.path))), tuple(skipped))


def prepared(folder: ClipFolder, converter: _Converter, workspace: Path) -> Iterator[VoiceClip]:
    """The clips, each converted when it is read. ``workspace`` is the caller's to empty: voices are personal data."""
    for index, clip in enumerate(folder.clips):
        source = _shown(clip.path.relative_to(folder.root))
        yield VoiceClip(clip.name, source, _Reading(clip.path, source, converter, workspace / f"clip-{index:04d}.wav"))


@dataclass(frozen=True, slots=True)
class _Reading:
    path: Path
    source: str
    converter: _Converter
    target: Path

    def __call__(self) -> Waveform:
        """Raises: VoiceClipError when the file cannot be decoded."""
        try:
            self.converter.convert(self.path, self.target, _ignore)
        except AudioError as error:
            raise VoiceClipError(f"{self.source} cannot be read: {error}") from error
        return self.converter.open(self.target)


def _of_one_person(folder: Path, skipped: list[Path]) -> list[ClipFile]:
    name = _person(folder.name, folder)
    clips: list[ClipFile] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            raise VoiceClipError(
                f"{_shown(path)} is a folder inside {name}'s folder: put the clips directly into {_shown(folder)}."
            )
        if _is_recording(path):
            clips.append(ClipFile(name, path))
        else:
            skipped.append(path)
    if not clips:
        raise VoiceClipError(f"{_shown(folder)} holds no recording of {name}: put one there, or remove the folder.")
    return clips


def _is_recording(path: Path) -> bool:
    return path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in _NOT_AUDIO


def _person(written: str, path: Path) -> str:
    """The name that a file or folder stands for.

    macOS writes ``é`` as two code points and Linux as one: without NFC the same person would be two.
    """
    try:
        return clean_name(written)
    except OptionError as error:
        raise VoiceClipError(f"{_shown(path)} gives no usable name: {error}") from error


def _shown(path: Path) -> str:
    """A path that can be printed: a file may be called anything, control characters and invalid Unicode included."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if _breaks_lines(character) else character for character in path.as_posix()
    )


def _breaks_lines(character: str) -> bool:
    """Control characters, line separators and the surrogates of a file name that is no valid Unicode."""
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDI_CONTROLS


def _refuse_names_that_differ_in_case(clips: list[ClipFile]) -> None:
    spellings: dict[str, set[str]] = {}
    for clip in clips:
        spellings.setdefault(clip.name.casefold(), set()).add(clip.name)
    for several in spellings.values():
        if len(several) > 1:
            raise VoiceClipError(f"{' and '.join(sorted(several))} look like one person: write the name in one way.")


def _ignore(_fraction: float, /) -> None:
    """A clip is converted in a moment: nobody watches."""
