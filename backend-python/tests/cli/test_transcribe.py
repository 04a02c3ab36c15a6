"""The command as people and scripts meet it. Runs the real converter and the shipped fake engines in a real process."""

import json
import os
import shutil
import signal
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

RATE = 16_000
FAKE = {"SCRIBE_DIARIZATION__ENGINE": "fake", "SCRIBE_TRANSCRIPTION__ENGINE": "fake"}


def scribe(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from scribe.cli import main; main()", *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SCRIBE_")}
    return subprocess.run(
        command, cwd=cwd, env={**clean, **FAKE, **environment}, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_tones(tmp_path / "réunion d’équipe.wav", 20)


def write_tones(path: Path, seconds: int) -> Path:
    time_s = np.arange(seconds * RATE) / RATE
    tone = np.where(time_s % 10 < 5, np.sin(2 * np.pi * 150 * time_s), np.sin(2 * np.pi * 900 * time_s)) * 0.3
    tone[(time_s % 5) > 4] = 0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return path


def test_a_recording_becomes_every_promised_file(recording: Path, tmp_path: Path) -> None:
    done = scribe("transcribe", recording, "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "out" / "réunion d’équipe"
    written = {path.name for path in folder.iterdir() if path.is_file()}
    assert written >= {
        "transcription.json", "diarization.json", "fusion.json", "diarization.rttm", "fusion.stm",
        "minutes.md", "minutes.txt", "subtitles.srt", "subtitles.vtt", "whisperx.json",
    }  # fmt: skip
    fusion = json.loads((folder / "fusion.json").read_text())
    assert {"start", "end", "speaker", "text", "words"} <= fusion["segments"][0].keys()
    assert fusion["recording"]["file"] == "réunion d’équipe.wav"


def test_the_minutes_are_shown_on_screen(recording: Path, tmp_path: Path) -> None:
    done = scribe("transcribe", recording, "--reading-language", "en", cwd=tmp_path)
    assert "Speaker\u00a01" in done.stdout
    assert "one two three" in done.stdout


def test_quiet_prints_the_folder_and_nothing_else(recording: Path, tmp_path: Path) -> None:
    done = scribe("transcribe", recording, "-o", "out", "--quiet", cwd=tmp_path)
    assert done.stdout == "out/réunion d’équipe\n"
    assert done.stderr == ""


def test_the_log_level_shows_events_with_keys_and_no_words(recording: Path, tmp_path: Path) -> None:
    done = scribe("transcribe", recording, "--quiet", cwd=tmp_path, SCRIBE_LOG_LEVEL="info")
    assert done.stderr.count("stage.finished") == 4
    assert "peak_mb" in done.stderr
    assert "one two" not in done.stderr


def test_json_prints_one_event_a_line(recording: Path, tmp_path: Path) -> None:
    done = scribe("transcribe", recording, "--json", cwd=tmp_path)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0] == {"event": "stage.started", "recording": recording.name, "stage": "convert"}
    assert events[-1]["event"] == "recording.finished"
    assert [event["stage"] for event in events if event["event"] == "stage.finished"] == [
        "convert", "diarize", "transcribe", "fuse",
    ]  # fmt: skip


def test_a_second_run_redoes_nothing(recording: Path, tmp_path: Path) -> None:
    scribe("transcribe", recording, "--quiet", cwd=tmp_path)
    done = scribe("transcribe", recording, "--json", cwd=tmp_path)
    finished = [event for event in map(json.loads, done.stdout.splitlines()) if event["event"] == "stage.finished"]
    assert finished
    assert all(event["is_reused"] for event in finished)


def test_recordings_of_the_same_name_do_not_overwrite_one_another(recording: Path, tmp_path: Path) -> None:
    twin = tmp_path / "b" / recording.name
    twin.parent.mkdir()
    shutil.copy(recording, twin)
    done = scribe("transcribe", recording, twin, "-o", "out", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["réunion d’équipe", "réunion d’équipe-2"]


def test_one_bad_recording_does_not_stop_the_others(recording: Path, tmp_path: Path) -> None:
    bad = tmp_path / "notes.wav"
    bad.write_text("this is not audio")
    done = scribe("transcribe", bad, recording, "-o", "out", cwd=tmp_path)
    assert done.returncode == 3
    assert "audio.not_audio" in done.stderr
    assert (tmp_path / "out" / "réunion d’équipe" / "fusion.json").exists()
    assert not (tmp_path / "out" / "notes" / "fusion.json").exists()


def test_a_bad_recording_is_an_event_for_programs(tmp_path: Path) -> None:
    bad = tmp_path / "notes.wav"
    bad.write_text("this is not audio")
    done = scribe("transcribe", bad, "--json", cwd=tmp_path)
    event = json.loads(done.stdout.splitlines()[-1])
    assert (event["event"], event["code"]) == ("recording.failed", "audio.not_audio")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["nowhere.mp3"], 2, "no such file"),
        (["{recording}", "--speakers", "0"], 2, "at least 1"),
        (["{recording}", "--speakers", "2", "--min-speakers", "2"], 2, "not both"),
        (["{recording}", "--device", "abacus"], 2, "device"),
        (["{recording}", "--format", "docx"], 2, "docx"),
    ],
)
def test_a_wrong_option_is_a_sentence(
    recording: Path, tmp_path: Path, arguments: list[str], exit_code: int, sentence: str
) -> None:
    filled = [argument.format(recording=recording) for argument in arguments]
    done = scribe("transcribe", *filled, cwd=tmp_path)
    assert done.returncode == exit_code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_model_names_the_command_that_installs_it(recording: Path, tmp_path: Path) -> None:
    done = scribe(
        "transcribe",
        recording,
        "--models-dir",
        tmp_path / "empty",
        cwd=tmp_path,
        SCRIBE_TRANSCRIPTION__ENGINE="whisper",
    )
    assert done.returncode == 4
    assert "scribe models pull whisper-base" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_looks_like_an_option_is_a_file(tmp_path: Path) -> None:
    write_tones(tmp_path / "-rf.wav", 2)
    done = scribe("transcribe", "--quiet", "--", "-rf.wav", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "-rf" / "fusion.json").exists()


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)], ids=lambda x: str(x)
)
def test_an_interrupted_run_leaves_no_half_result_and_goes_on(
    tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    recording = write_tones(tmp_path / "long.wav", 1800)
    command = [sys.executable, "-c", "from scribe.cli import main; main()", "transcribe", "long.wav", "--json"]
    slow = {**os.environ, **FAKE, "SCRIBE_FAKE_PACE": "0.02"}  # 36 s a stage: it is interrupted in the middle of one
    with subprocess.Popen(
        command, cwd=tmp_path, env=slow, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "stage.finished":
                process.send_signal(number)
                break
        _, complaint = process.communicate(timeout=60)
    assert process.returncode == exit_code
    assert "Traceback" not in complaint
    assert not list((tmp_path / "long").glob("*.json"))
    done = scribe("transcribe", recording, "--json", cwd=tmp_path)
    finished = [event for event in map(json.loads, done.stdout.splitlines()) if event["event"] == "stage.finished"]
    assert finished[0] == {**finished[0], "stage": "convert", "is_reused": True}
    assert not list((tmp_path / "long" / ".checkpoints").glob("*.wav"))


def test_two_commands_do_not_work_in_one_folder(recording: Path, tmp_path: Path) -> None:
    from scribe.adapters.storage import only_one

    with only_one(tmp_path / recording.stem / ".checkpoints"):
        done = scribe("transcribe", recording, cwd=tmp_path)
    assert done.returncode == 2
    assert "Another scribe" in done.stderr


def test_showing_help_loads_no_model_library(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom scribe.cli import build_app\nbuild_app()\n"
        "heavy = {'onnxruntime', 'ctranslate2', 'faster_whisper', 'torch', 'av'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_bug_in_one_recording_does_not_cost_the_others(recording: Path, tmp_path: Path) -> None:
    code = (
        "from scribe.engines.fake import FakeTranscriber\n"
        "real = FakeTranscriber.transcribe\n"
        "def broken(self, waveform, *rest, **named):\n"
        "    if waveform.duration_s < 5: raise ZeroDivisionError\n"
        "    return real(self, waveform, *rest, **named)\n"
        "FakeTranscriber.transcribe = broken\n"
        "from scribe.cli import main; main()"
    )
    short = write_tones(tmp_path / "short.wav", 3)
    command = [sys.executable, "-c", code, "transcribe", str(short), str(recording), "-o", "out", "--json"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **FAKE}, capture_output=True, text=True, check=False, timeout=120
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [event["code"] for event in events if event["event"] == "recording.failed"] == ["internal.error"]
    assert "ZeroDivisionError" in done.stderr
    assert (tmp_path / "out" / recording.stem / "fusion.json").exists()
