r"""SubRip subtitles: ``Name: text``, read by every player.

SubRip has no escapes. What a player would take for mark-up (``<i>``, ``{\an8}``) is kept readable and made harmless;
an arrow that could be taken for a time line becomes ``→``.
"""

import re

from scribe.domain.exports.cues import cues
from scribe.domain.exports.layout import width
from scribe.domain.exports.names import names_or_labels
from scribe.domain.results import FusionDocument

NAME_LENGTH = 24
"""A longer name is cut: it stands in every cue and may not take its first line away from the words."""


def write_srt(document: FusionDocument) -> str:
    prefixes = {label: f"{_shortened(name)}: " for label, name in names_or_labels(document).items()}
    blocks = []
    for number, cue in enumerate(cues(document, lambda label: width(prefixes.get(label or "", ""))), start=1):
        prefix = prefixes.get(cue.speaker or "", "")
        lines = [f"{prefix}{cue.lines[0]}".strip(), *cue.lines[1:]]
        text = _harmless("\n".join(lines))
        blocks.append(f"{number}\n{_time(cue.start_ms)} --> {_time(cue.end_ms)}\n{text}\n")
    return "\n".join(blocks)


def _harmless(text: str) -> str:
    text = re.sub(r"<(?=[A-Za-z/!])", "‹", text)
    return text.replace("{\\", "(\\").replace("-->", "→")


def _shortened(name: str) -> str:
    if width(name) <= NAME_LENGTH:
        return name
    while width(name) > NAME_LENGTH - 1:
        name = name[:-1]
    whole_words = name.rpartition(" ")[0]
    kept = whole_words if width(whole_words) > NAME_LENGTH // 2 else name.rstrip()
    return f"{kept}…"


def _time(at_ms: int) -> str:
    return f"{at_ms // 3_600_000:02d}:{at_ms // 60_000 % 60:02d}:{at_ms // 1000 % 60:02d},{at_ms % 1000:03d}"
