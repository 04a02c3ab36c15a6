"""CTM: one word a line with its time and confidence, for scoring and alignment tools.

``<file> <channel> <start> <duration> <word> <confidence>`` (NIST sclite). A word holds no blank: French ``dernière ?``
is written ``dernière?``.
"""

from scribe.domain.exports.names import file_id
from scribe.domain.results import FusionDocument
from scribe.domain.typography import single_line


def write_ctm(document: FusionDocument) -> str:
    recording = file_id(document.recording.file)
    words = sorted((word for segment in document.segments for word in segment.words), key=lambda word: word.start)
    spelled = ((word, "".join(single_line(word.word).split())) for word in words)
    return "".join(
        f"{recording} 1 {word.start:.3f} {word.end - word.start:.3f} {text} {word.confidence:.4f}\n"
        for word, text in spelled
        if text
    )
