"""Converts as the real converter does, and on the way notes what the recording is, draws its outline, and makes of it
what a browser plays.

Owns the check that the stored file is the one that was uploaded. Outline and what is played are made now because the
WAV is here now; they cost less than a second, and 8 s, of one processor an hour of recording. What is played is a
convenience: if it cannot be made, that is a warning, and nobody waits for it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from scribe.adapters.audio_playback import write_m4a
from scribe.adapters.storage import Storage
from scribe.core.logging import get_logger
from scribe.domain import playback
from scribe.domain.audio import AudioFacts, Waveform
from scribe.domain.errors import AudioCorruptError, ScribeError
from scribe.domain.meeting import RunWarning
from scribe.domain.waveform import peaks_json, peaks_of
from scribe.pipeline.ports import AudioConverter, Progress

PIECE_BYTES = 2**20
NOT_PLAYABLE = RunWarning(
    "playback.not_made",
    "No version for players could be made: a browser may not play the recording, or jump about in it imprecisely.",
)


class OutliningConverter:
    """Satisfies ``pipeline.ports.AudioConverter``."""

    def __init__(
        self,
        converter: AudioConverter,
        storage: Storage,
        *,
        peaks_key: str,
        playback_key: str,
        expected_sha256: str,
        on_facts: Callable[[AudioFacts], None],
        on_warning: Callable[[RunWarning], None],
    ) -> None:
        self._converter = converter
        self._storage = storage
        self._peaks_key = peaks_key
        self._playback_key = playback_key
        self._expected_sha256 = expected_sha256
        self._on_facts = on_facts
        self._on_warning = on_warning

    @property
    def settings(self) -> Mapping[str, object]:
        return self._converter.settings

    def convert(self, source: Path, target: Path, progress: Progress) -> AudioFacts:
        facts = self._converter.convert(source, target, progress)
        if facts.sha256 != self._expected_sha256:
            raise AudioCorruptError("The stored recording is not what was uploaded any more: upload it again.")
        self._on_facts(facts)
        if self._storage.size(self._peaks_key) is None:  # a second conversion would draw the same
            self._storage.write(self._peaks_key, peaks_json(peaks_of(self.open(target))))
        if not playback.is_exact(facts) and self._storage.size(self._playback_key) is None:
            self._make_playable(target)
        return facts

    def open(self, wav: Path) -> Waveform:
        return self._converter.open(wav)

    def _make_playable(self, wav: Path) -> None:
        made = wav.with_name(f"{wav.name}.m4a")
        try:
            write_m4a(self.open(wav).pcm, made)
            with made.open("rb") as source, self._storage.open_write(self._playback_key) as sink:
                while piece := source.read(PIECE_BYTES):
                    sink.write(piece)
        except (ScribeError, OSError) as error:
            get_logger().warning("playback.not_made", error=type(error).__name__)
            self._on_warning(NOT_PLAYABLE)
        finally:
            made.unlink(missing_ok=True)
