"""STM: who said which words when, for scoring tools (meeteval, sclite).

``<file> <channel> <speaker> <start> <end> <text>``; a line that starts with ``;`` would be a comment. The text is as
the engine wrote it: typography would count as errors.
"""

from scribe.domain.exports.names import UNKNOWN_SPEAKER, file_id
from scribe.domain.results import FusionDocument
from scribe.domain.typography import single_line


def write_stm(document: FusionDocument) -> str:
    recording = file_id(document.recording.file)
    lines = []
    for segment in document.segments:
        text = " ".join(single_line(segment.text).split())
        if text:
            lines.append(
                f"{recording} 1 {segment.speaker or UNKNOWN_SPEAKER} {segment.start:.3f} {segment.end:.3f} {text}\n"
            )
    return "".join(lines)
