"""RTTM: the turns of the diarization, for scoring and annotation tools.

Ten blank-separated fields a line (NIST Rich Transcription 2009, appendix A), onset and duration in seconds. Speakers
are labels, which hold no blank. Overlapping turns are all there.
"""

from scribe.domain.exports.names import file_id
from scribe.domain.results import DiarizationDocument


def write_rttm(document: DiarizationDocument) -> str:
    head = f"SPEAKER {file_id(document.recording.file)} 1"
    return "".join(
        f"{head} {turn.start:.3f} {turn.end - turn.start:.3f} <NA> <NA> {turn.speaker} <NA> <NA>\n"
        for turn in document.turns
        if turn.end > turn.start
    )
