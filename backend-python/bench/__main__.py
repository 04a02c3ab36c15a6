"""``python -m bench [AUDIO]``: one table of every system on every set. See ``docs/benchmarks.md``."""

import argparse
import datetime
import platform
import subprocess
import sys
import time
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import rules, table
from bench.children import SystemFailedError
from bench.recordings import Recording, find_recordings, recordings_in
from bench.references import read_rttm
from bench.rules import HeardSegment
from bench.scoring import Scores, score
from bench.systems import SCRIBE, SYSTEMS, Answer, Workshop, converted, prepare, run_system

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = Path(__file__).with_name(".cache")
SHARED_AUDIO = REPOSITORY.parent / "shared" / "audio"
SAMPLES = REPOSITORY / "samples"
COMPOSED = "composed"
IDENTIFICATION = "identification"
QUICK_S, QUICK_FILES = 45.0, 2
"""``--quick``: at most so many recordings a set, none longer."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("audio", nargs="?", type=Path, help="folder of sets; default: ../shared/audio, or samples/")
    parser.add_argument("--sets", default="", help="comma-separated; default: all, and `identification`")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="comma-separated; default: %(default)s")
    parser.add_argument("--quick", action="store_true", help="two short recordings a set")
    parser.add_argument("--json", type=Path, default=REPOSITORY / "out" / "bench" / "results.json", metavar="OUT")
    parser.add_argument("--language", choices=("given", "auto"), default="given", help="tell the systems the language?")
    parser.add_argument("--reuse-ours", action="store_true", help="take our own answers from the cache too")
    return parser.parse_args()


def all_recordings(audio: Path, wanted: Sequence[str]) -> list[Recording]:
    found = find_recordings(audio, CACHE, wanted)
    if SAMPLES.is_dir() and audio.resolve() != SAMPLES and (not wanted or SAMPLES.name in wanted):
        found += recordings_in(SAMPLES)
    is_wanted = not wanted or any(name.startswith(COMPOSED) for name in wanted)
    if is_wanted and (audio / "compose_meeting.py").exists():
        found += [meeting for meeting in composed_meetings(audio) if not wanted or meeting.set_name in wanted]
    return found


def composed_meetings(audio: Path) -> list[Recording]:
    """The committed recipe's meetings, made here from the voices of ``audio``: the sets composed-short and -long."""
    from bench.compose.make import compose_all

    meetings = []
    for path in compose_all(audio, CACHE / COMPOSED):
        set_name = f"{COMPOSED}-{path.stem.partition('-')[0]}"
        meetings += [found for found in recordings_in(path.parent, set_name, "en") if found.audio == path]
    return meetings


def duration_s(recording: Recording) -> float:
    with wave.open(str(converted(recording.audio, CACHE))) as wav:
        return wav.getnframes() / wav.getframerate()


def shortened(recordings: Sequence[Recording]) -> list[Recording]:
    kept: dict[str, list[Recording]] = {}
    for recording in recordings:
        same_set = kept.setdefault(recording.set_name, [])
        if len(same_set) < QUICK_FILES and duration_s(recording) <= QUICK_S:
            same_set.append(recording)
    return [recording for same_set in kept.values() for recording in same_set]


def oracle(recording: Recording, answer: Answer, length_s: float) -> Scores:
    """Our words with the true turns: what perfect diarization would still leave wrong."""
    assert recording.rttm is not None
    turns = read_rttm(recording.rttm)
    heard = [HeardSegment(s.start_s, s.end_s, s.text, s.words) for s in answer.segments]
    return score(recording, length_s, turns, rules.word_by_true_turn(heard, turns))


def rows_of(recording: Recording, systems: Sequence[str], workshop: Workshop) -> Iterator[table.Row]:
    length_s = duration_s(recording)
    for system in systems:
        try:
            answer = run_system(system, recording, workshop)
        except SystemFailedError as error:
            yield table.Row(recording.set_name, recording.name, system, length_s, error=str(error))
            continue
        scores = score(recording, length_s, answer.turns, answer.segments)
        yield table.Row(
            recording.set_name,
            recording.name,
            system,
            length_s,
            scores,
            dict(answer.cpu_s),
            answer.start_cpu_s,
            answer.peak_rss_mb,
            answer.is_cached,
        )
        if system == "ours" and recording.rttm and recording.stm:
            yield table.Row(
                recording.set_name, recording.name, "oracle turns", length_s, oracle(recording, answer, length_s)
            )


def identification_report(audio: Path) -> str:
    """Markdown of false accepts and rejects over the voice banks, where that benchmark and the banks are there."""
    try:
        from bench.identification import report
    except ImportError:
        return ""
    return str(report(audio))


def installed_whisper() -> Path:
    """The default model as installed for the product."""
    found = subprocess.run([SCRIBE, "models", "path", "whisper-base"], capture_output=True, text=True, check=False)
    if found.returncode:
        sys.exit(f"The Whisper model is missing: run `make setup`. ({found.stderr.strip()})")
    return Path(found.stdout.strip())


def main() -> None:
    options = arguments()
    audio = options.audio or (SHARED_AUDIO if SHARED_AUDIO.is_dir() else SAMPLES)
    if not audio.is_dir():
        sys.exit(f"{audio} is not a folder. Without one of your own: make bench AUDIO=samples")
    wanted, systems = ([name for name in text.split(",") if name] for text in (options.sets, options.systems))
    if unknown := [name for name in systems if name not in SYSTEMS]:
        sys.exit(f"No such system: {', '.join(unknown)}. There are {', '.join(SYSTEMS)}.")
    workshop = Workshop(CACHE, installed_whisper(), options.language == "given", options.reuse_ours, time.time())
    recordings = all_recordings(audio, wanted)
    if options.quick:
        recordings = shortened(recordings)
    if not recordings and wanted != [IDENTIFICATION]:
        sys.exit(f"No recording with a reference in {audio}.")
    about: dict[str, object] = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "language": options.language,
        "whisper": workshop.whisper.name,
    }
    rows: list[table.Row] = []
    for number, recording in enumerate(recordings, 1):
        print(f"[{number}/{len(recordings)}] {recording.set_name}/{recording.name}", file=sys.stderr, flush=True)
        if number == 1 or recording.set_name != recordings[number - 2].set_name:
            prepare(systems, [other for other in recordings if other.set_name == recording.set_name], workshop)
        rows += rows_of(recording, systems, workshop)
        table.write(rows, options.json, about)  # an interrupted run keeps what it has
    is_report_wanted = "ours" in systems and not options.quick and (not wanted or IDENTIFICATION in wanted)
    report = identification_report(audio) if is_report_wanted else ""
    table.write(rows, options.json, about, report)
    table.print_tables(rows)
    print(report)
    print(f"{options.json}  {options.json.with_suffix('.md')}")


if __name__ == "__main__":
    main()
