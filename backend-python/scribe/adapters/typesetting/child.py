"""What runs in the child: minutes as JSON on standard input, the finished file on standard output.

Owns the child's limits; never the layout. A library that lays out pages keeps hundreds of megabytes and holds the
interpreter for seconds, neither of which an API can spare, and whatever people say or are called passes through it.

Usage::

    python -m scribe.adapters.typesetting.child pdf 4711 < minutes.json > minutes.pdf      # 4711: its parent
"""

import json
import resource
import sys

from scribe.adapters.audio_confinement import die_with

MEMORY_BYTES = 3 << 30
"""Four hours of dense talk (10 000 segments, 397 pages) need 0.52 GB and 7 s of CPU as PDF, 0.1 GB and 4 s as Word."""
CPU_S = 240


def main(kind: str, parent_pid: int) -> None:
    die_with(parent_pid)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
    if sys.platform == "linux":  # macOS refuses
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    values = json.load(sys.stdin.buffer)
    if kind == "pdf":
        from scribe.adapters.typesetting.pdf import write_pdf

        content = write_pdf(values)
    else:
        from scribe.adapters.typesetting.word import write_docx

        content = write_docx(values)
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
