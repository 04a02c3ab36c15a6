"""What was measured and what was wrong: a table for docs/benchmarks.md, and a verdict."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Findings:
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    """Chapter, what, figure."""
    faults: list[str] = field(default_factory=list)
    chapter: str = ""

    @contextmanager
    def about(self, chapter: str) -> Iterator[None]:
        """What breaks off is a fault of its own, and the next chapter is tried all the same."""
        self.chapter, began = chapter, time.monotonic()
        print(f"--- {chapter}", flush=True)
        try:
            yield
        except Exception as error:  # noqa: BLE001 -- reported, and the exit status says so
            self.wrong(f"broke off: {type(error).__name__}: {error}")
        print(f"    {time.monotonic() - began:.0f} s", flush=True)

    def note(self, what: str, figure: object) -> None:
        self.rows.append((self.chapter, what, str(figure)))
        print(f"    {what}: {figure}", flush=True)

    def wrong(self, what: str) -> None:
        self.faults.append(f"{self.chapter}: {what}")
        print(f"  WRONG: {what}", flush=True)

    def check(self, is_so: object, claim: str, otherwise: object = "") -> None:
        """``claim`` is what must be so; ``otherwise`` what was found instead."""
        if is_so:
            self.note(claim, "yes")
        else:
            self.wrong(f"not so: {claim} ({otherwise})" if otherwise != "" else f"not so: {claim}")

    def table(self) -> str:
        lines, last = ["| | what | figure |", "|---|---|---|"], ""
        for chapter, what, figure in self.rows:
            lines.append(f"| {chapter if chapter != last else ''} | {what} | {figure} |")
            last = chapter
        return "\n".join(lines)

    def verdict(self) -> str:
        return f"topology: {len(self.rows)} figures, {len(self.faults)} faults: {'FAIL' if self.faults else 'PASS'}"

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"rows": self.rows, "faults": self.faults}, indent=2))
