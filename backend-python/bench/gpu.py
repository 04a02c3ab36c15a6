"""What a graphics card gains and takes: one command for a person who has one.

Every row is measured in a process of its own: a model is loaded and warmed up, then timed on the whole recording, and
its memory is read before, at the peak and after it was unloaded. The words are compared with the reference, where a
``.stm`` lies beside the recording, and with those of the processor. Prints Markdown for ``docs/benchmarks.md``.

Usage::

    python -m bench.gpu                               # samples/conference.flac, every Whisper model that is installed
    python -m bench.gpu meeting.flac --models whisper-large-v3 --batches 16,8,1 --no-cpu
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path

from scribe.adapters.audio import PyAvConverter
from scribe.core.config import load_settings
from scribe.domain.audio import Waveform
from scribe.domain.errors import ScribeError
from scribe.domain.speech import SpeakerCount, TranscriptionOptions
from scribe.engines.accelerators import Library, obstacle
from scribe.engines.card import CardUse
from scribe.engines.card_driver import Card, CardMemory, find_cards
from scribe.engines.catalog import CATALOG
from scribe.engines.diarization import OnnxDiarizer
from scribe.engines.model import Purpose
from scribe.engines.onnx import Device as OnnxDevice
from scribe.engines.residency import Residency
from scribe.engines.transcription import WhisperTranscriber
from scribe.engines.transcription.shapes import shape_of
from scribe.worker.wiring import SEGMENTATION, VOICEPRINT, open_store

SAMPLE = Path(__file__).parents[2] / "samples" / "conference.flac"
TYPES = ("float16", "int8_float16")
LONGEST_S = 3600.0
CPU_MODELS = frozenset({"whisper-base", "whisper-tiny.en"})
"""Compared with the processor unasked; a large one would take it hours."""
LIBRARIES = (
    "ctranslate2",
    "faster-whisper",
    "onnxruntime-gpu",
    "onnxruntime",
    "nvidia-cublas-cu12",
    "nvidia-cudnn-cu12",
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What one process measures."""

    stage: str
    device: str
    model: str = ""
    compute_type: str = ""
    batch_size: int = 0

    @property
    def name(self) -> str:
        if self.stage == "diarize":
            return f"diarization, {self.device}"
        return f"{self.model} {self.compute_type} x{self.batch_size}, {self.device}"


@dataclass(frozen=True, slots=True)
class Measured:
    trial: Trial
    duration_s: float = 0.0
    seconds: float = 0.0
    load_s: float = 0.0
    peak_vram_mb: float | None = None
    left_vram_mb: float | None = None
    """Held after unloading, while the process lives: CUDA's context."""
    text: str = ""
    speakers: int | None = None
    steps: tuple[str, ...] = ()
    """Where it had to give way: the row then says nothing of what it is called."""
    problem: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if options.one is not None:
        print(json.dumps(asdict(measure(Trial(**json.loads(options.one)), options.audio))))
        return 0
    cards = find_cards()
    why_not = [reason for library in (Library.CTRANSLATE2, Library.ONNX_RUNTIME) if (reason := obstacle(library))]
    if why_not:
        print("There is nothing to measure here:\n" + "\n".join(f"  {reason}" for reason in why_not), file=sys.stderr)
        print("`scribe doctor` and docs/gpu.md say what a card needs.", file=sys.stderr)
        return 2
    results = []
    with _as_wav(options.audio) as wav:
        for trial in trials(options):
            print(f"{trial.name} ...", file=sys.stderr, flush=True)
            results.append(in_a_process(trial, wav))
    print(report(results, reference_of(options.audio), cards[0]))
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=1))
    return 1 if any(result.problem for result in results) else 0


def trials(options: argparse.Namespace) -> Iterator[Trial]:
    yield Trial("diarize", "cuda")
    if options.cpu:
        yield Trial("diarize", "cpu")
    for model in options.models or _installed():
        for compute_type in options.types:
            for batch_size in options.batches:
                yield Trial("transcribe", "cuda", model, compute_type, batch_size)
        if options.cpu and (model in CPU_MODELS or options.cpu_all):
            yield Trial("transcribe", "cpu", model, "int8", 4)


def measure(trial: Trial, wav: Path) -> Measured:
    """In this process: load, warm up, time, unload."""
    waveform = PyAvConverter().open(wav)
    card = CardUse.here(None, may_leave=False)
    residency = Residency("keep")
    work = _diarized if trial.stage == "diarize" else _transcribed
    began_s = time.perf_counter()
    with card.measured() as peak_mb:
        run = work(trial, residency, card)
        run(Waveform(waveform.pcm[: 16_000 * 20]))
        loaded_s = time.perf_counter()
        text, speakers = run(waveform)
        done_s = time.perf_counter()
        residency.release()
    cards = find_cards() if trial.device == "cuda" else ()
    memory = CardMemory.of(cards[0]) if cards else None
    return Measured(
        trial,
        waveform.duration_s,
        done_s - loaded_s,
        loaded_s - began_s,
        peak_mb() if trial.device == "cuda" else None,
        memory.own_mb() if memory is not None else None,
        text,
        speakers,
        tuple(step.code for step in card.steps()),
    )


Run = Callable[[Waveform], tuple[str, int | None]]


def _diarized(trial: Trial, residency: Residency, card: CardUse) -> Run:
    store = open_store(load_settings())
    device: OnnxDevice = "cuda" if trial.device == "cuda" else "cpu"
    diarizer = OnnxDiarizer(store.path(SEGMENTATION), store.path(VOICEPRINT), residency, device=device, card=card)

    def run(waveform: Waveform) -> tuple[str, int | None]:
        found = diarizer.diarize(waveform, SpeakerCount(), lambda _: None)
        return "", len(found.speakers)

    return run


def _transcribed(trial: Trial, residency: Residency, card: CardUse) -> Run:
    transcriber = WhisperTranscriber(
        open_store(load_settings()).path(trial.model),
        trial.model,
        residency,
        device="cuda" if trial.device == "cuda" else "cpu",
        compute_type=trial.compute_type,
        batch_size=trial.batch_size,
        threads=0 if trial.device == "cuda" else min(os.cpu_count() or 1, 4),
        card=card,
    )

    def run(waveform: Waveform) -> tuple[str, int | None]:
        blocks = list(transcriber.transcribe(waveform, TranscriptionOptions(), progress=lambda _: None))
        return " ".join(segment.text for block in blocks for segment in block.segments), None

    return run


def in_a_process(trial: Trial, wav: Path) -> Measured:
    """A process of its own: the card's memory really goes back, and one that dies takes only its row along."""
    command = [sys.executable, "-m", "bench.gpu", str(wav), "--one", json.dumps(asdict(trial))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    try:
        told = json.loads(done.stdout.strip().rpartition("\n")[2])
    except json.JSONDecodeError:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:] or [f"exit {done.returncode}"]
        return Measured(trial, problem=last[0][:200])
    return replace(Measured(**{**told, "trial": trial}), steps=tuple(told["steps"]))


def report(results: Sequence[Measured], reference: str | None, card: Card) -> str:
    """Markdown."""
    lines = [
        *about(card),
        "",
        "| what | x real time | seconds | load s | peak MB | estimate MB | left MB | WER | against the processor |",
    ]
    lines.append("|---" * 9 + "|")
    on_cpu = {result.trial.model: result.text for result in results if result.trial.device == "cpu" and result.text}
    lines += [_row(result, reference, on_cpu.get(result.trial.model)) for result in results]
    return "\n".join(lines)


def _row(result: Measured, reference: str | None, on_cpu: str | None) -> str:
    name = result.trial.name
    if result.problem:
        return f"| {name} | failed: {result.problem} |" + " |" * 7
    pace = result.duration_s / result.seconds if result.seconds > 0 else 0.0
    cells = [
        f"{name}{' (gave way: ' + ', '.join(result.steps) + ')' if result.steps else ''}",
        f"{pace:.1f}",
        f"{result.seconds:.2f}",
        f"{result.load_s:.2f}",
        _mb(result.peak_vram_mb),
        _mb(_estimate(result.trial)),
        _mb(result.left_vram_mb),
    ]
    if result.trial.stage == "diarize":
        cells += [f"{result.speakers} speakers", "–"]
    else:
        cells += [word_errors(reference, result.text), word_errors(on_cpu, result.text)]
    return "| " + " | ".join(cells) + " |"


def _estimate(trial: Trial) -> float | None:
    shape = shape_of(trial.model) if trial.device == "cuda" else None
    return None if shape is None else shape.need_mb(trial.compute_type, trial.batch_size, beam_size=5)


def word_errors(reference: str | None, text: str) -> str:
    """In 100 words of the reference, both without case and punctuation."""
    if not reference:
        return "–"
    import jiwer

    plain = [" ".join("".join(c if c.isalnum() else " " for c in words.lower()).split()) for words in (reference, text)]
    return f"{100 * jiwer.wer(*plain):.1f}"


def reference_of(audio: Path) -> str | None:
    stm = audio.with_suffix(".stm")
    if not stm.is_file():
        return None
    rows = [
        line.split(maxsplit=5) for line in stm.read_text(encoding="utf-8").splitlines() if not line.startswith(";;")
    ]
    return " ".join(row[5] for row in rows if len(row) == 6)


def about(card: Card) -> list[str]:
    memory = CardMemory.of(card)
    driver = (memory.driver() if memory is not None else None) or "unknown"
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    machine = f"{platform.processor() or platform.machine()}, Python {platform.python_version()}"
    return [f"{card.name}, {card.total_mb:,} MB, driver {driver}; {machine}; {', '.join(versions)}."]


def _mb(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _installed() -> list[str]:
    store = open_store(load_settings())
    return [
        model.name for model in CATALOG if model.purpose is Purpose.TRANSCRIPTION and store.is_installed(model.name)
    ]


@contextmanager
def _as_wav(audio: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-gpu-") as folder:
        wav = Path(folder) / "recording.wav"
        PyAvConverter().convert(audio, wav, lambda _: None)
        yield wav


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description="Measures what a card gains and takes.")
    parser.add_argument("audio", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--models", type=_list, default=[], help="catalogue names; default: all that are installed")
    parser.add_argument("--types", type=_list, default=list(TYPES), help="CTranslate2's types of number")
    parser.add_argument("--batches", type=lambda text: [int(size) for size in _list(text)], default=[16, 8, 4, 1])
    parser.add_argument("--no-cpu", dest="cpu", action="store_false", help="leave the processor's rows out")
    parser.add_argument("--cpu-all", action="store_true", help="the large models on the processor, too")
    parser.add_argument("--json", type=Path, help="where to write all of it, with the texts")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _list(text: str) -> list[str]:
    return [item for item in text.split(",") if item]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ScribeError as error:
        sys.exit(str(error))
