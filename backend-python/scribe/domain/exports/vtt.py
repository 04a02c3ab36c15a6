"""WebVTT subtitles with voice tags: ``<v Name>text``, for web players.

Escapes ``& < >`` in names and words (W3C WebVTT, section 6.4), so that neither can hold a tag or a time line.
"""

from scribe.domain.exports.cues import cues
from scribe.domain.exports.names import names_or_labels
from scribe.domain.results import FusionDocument


def write_vtt(document: FusionDocument) -> str:
    names = names_or_labels(document)
    blocks = ["WEBVTT\n"]
    for number, cue in enumerate(cues(document, lambda _label: 0), start=1):
        voice = f"<v {_escaped(names[cue.speaker])}>" if cue.speaker else ""
        text = _escaped("\n".join(cue.lines))
        blocks.append(f"{number}\n{_time(cue.start_ms)} --> {_time(cue.end_ms)}\n{voice}{text}\n")
    return "\n".join(blocks)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(at_ms: int) -> str:
    return f"{at_ms // 3_600_000:02d}:{at_ms // 60_000 % 60:02d}:{at_ms // 1000 % 60:02d}.{at_ms % 1000:03d}"
