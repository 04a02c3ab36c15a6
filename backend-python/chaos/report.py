"""What a run of faults came to: a table by kind, and one line that says it all."""

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos.audit import Audit
from chaos.ledger import Ledger


@dataclass
class Outcome:
    seed: int
    by_kind: dict[str, list[float | None]] = field(default_factory=lambda: defaultdict(list))
    """Recovery times, s; ``None``: nothing was under way that could have suffered."""
    seconds: float = 0.0
    skipped: str = ""

    @property
    def num_faults(self) -> int:
        return sum(len(times) for times in self.by_kind.values())


def table(outcome: Outcome) -> str:
    lines = [f"{'fault':<34}{'times':>6}{'recovery: median':>18}{'max':>8}", "-" * 66]
    for kind, times in sorted(outcome.by_kind.items()):
        known = [seconds for seconds in times if seconds is not None]
        middle = f"{statistics.median(known):.1f} s" if known else "-"
        longest = f"{max(known):.1f} s" if known else "-"
        lines.append(f"{kind:<34}{len(times):>6}{middle:>18}{longest:>8}")
    return "\n".join(lines)


def verdict(outcome: Outcome, ledger: Ledger) -> str:
    word = "PASS" if not ledger.violations else "FAIL"
    return (
        f"chaos: {outcome.num_faults} faults, seed {outcome.seed}, {len(ledger.promises)} meetings, "
        f"{len(ledger.violations)} violations: {word}"
    )


def facts(outcome: Outcome, ledger: Ledger, audit: Audit, exits: dict[str, list[int]]) -> Sequence[str]:
    ways = {way: sum(promise.way == way for promise in ledger.all()) for way in ("raw", "tus")}
    deaths = {name: len(codes) for name, codes in exits.items()}
    return [
        f"{outcome.seconds:.0f} s; uploads {ways}, refused {dict(ledger.refused)}; deaths {deaths}",
        f"{audit.num_events} events, {audit.num_attempts} attempts, {audit.num_reused} finished stages taken over",
        *([f"not done: {outcome.skipped}"] if outcome.skipped else []),
    ]


def write(path: Path, outcome: Outcome, ledger: Ledger) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "seed": outcome.seed,
        "seconds": round(outcome.seconds, 1),
        "num_faults": outcome.num_faults,
        "num_meetings": len(ledger.promises),
        "recovery_s": dict(sorted(outcome.by_kind.items())),
        "violations": ledger.violations,
    }
    path.write_text(json.dumps(content, indent=2))
