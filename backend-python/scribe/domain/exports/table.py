"""CSV: one segment a row, for spreadsheets (RFC 4180, UTF-8 with a byte order mark so that Excel reads accents).

A cell that starts with ``=``, ``+``, ``-``, ``@`` would be run as a formula: it gets a leading apostrophe (OWASP, CSV
injection).
"""

import csv
import io

from scribe.domain.exports.names import names_or_labels
from scribe.domain.results import FusionDocument
from scribe.domain.typography import single_line, typeset

BYTE_ORDER_MARK = "\ufeff"


def write_csv(document: FusionDocument) -> str:
    names = names_or_labels(document)
    page = io.StringIO()
    writer = csv.writer(page)
    writer.writerow(["start", "end", "label", "speaker", "language", "confidence", "text"])
    for segment in document.segments:
        writer.writerow(
            [
                f"{segment.start:.3f}",
                f"{segment.end:.3f}",
                segment.speaker or "",
                _harmless(names[segment.speaker] if segment.speaker else ""),
                _harmless(single_line(segment.language)),
                "" if segment.confidence is None else f"{segment.confidence:.4f}",
                _harmless(typeset(segment.text, segment.language)),
            ]
        )
    return BYTE_ORDER_MARK + page.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell
