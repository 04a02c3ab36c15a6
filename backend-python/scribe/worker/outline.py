"""Converts as the real converter does, and on the way notes what the recording is and draws its outline.

Owns the check that the stored file is the one that was uploaded. The outline is drawn now because the WAV is here
now; it costs less than a second an hour of recording.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from scribe.adapters.storage import Storage
from scribe.domain.audio import AudioFacts, Waveform
from scribe.domain.errors import AudioCorruptError
from scribe.domain.waveform import peaks_json, peaks_of
from scribe.pipeline.ports import AudioConverter, Progress


class OutliningConverter:
    """Satisfies ``pipeline.ports.AudioConverter``."""

    def __init__(
        self,
        converter: AudioConverter,
        storage: Storage,
        *,
        peaks_key: str,
        expected_sha256: str,
        on_facts: Callable[[AudioFacts], None],
    ) -> None:
        self._converter = converter
        self._storage = storage
        self._peaks_key = peaks_key
        self._expected_sha256 = expected_sha256
        self._on_facts = on_facts

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
        return facts

    def open(self, wav: Path) -> Waveform:
        return self._converter.open(wav)
