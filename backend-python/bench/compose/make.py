"""Composes the benchmark meetings of ``meetings.json`` from the recordings of a shared audio folder.

Owns which voices meet, under which seed and in which room; the mixing itself is done by ``compose_meeting.py`` of that
folder. Half of the voices are for tuning, the other half is held out: no voice is in both. Usage::

    python -m bench.compose.make ../../shared/audio ~/.cache/scribe-bench/composed
    recordings = compose_all(audio, out)        # [out/short-01.flac, ...], each with .rttm, .stm and .uem beside it
"""

import csv
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

RECIPE = Path(__file__).with_name("meetings.json")

_PAUSE_S = 0.25
"""Pieces are cut where a reader rests at least this long."""
_PIECE_S = (0.7, 6.0)
"""Shortest and longest piece: from a short answer to a long remark."""
_FRAME_S = 0.01


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording of one voice."""

    path: Path
    speaker: str
    text: str | None


def compose_all(audio: Path, out: Path, split: str | None = None) -> list[Path]:
    """Composes what is not yet there and returns the recordings, one ``.flac`` each with its references beside it.

    Args:
        audio: folder laid out like the shared audio, with ``compose_meeting.py`` in it.
        out: where meetings and the pieces of voices they are made of are kept between runs.
        split: ``tune`` or ``held-out``; both when not given.
    """
    out.mkdir(parents=True, exist_ok=True)
    clips = load_clips(audio)
    meetings = [m for m in json.loads(RECIPE.read_text("utf-8"))["meetings"] if split in (None, m["split"])]
    return [compose(meeting, clips, audio, out) for meeting in meetings]


def compose(meeting: dict[str, object], clips: list[Clip], audio: Path, out: Path) -> Path:
    name = str(meeting["name"])
    recording = out / f"{name}.flac"
    recipe = out / f"{name}.recipe.json"
    wanted = json.dumps(meeting, sort_keys=True)
    if recording.exists() and recipe.exists() and recipe.read_text("utf-8") == wanted:
        return recording
    speakers = meeting["speakers"]
    assert isinstance(speakers, list)
    chosen = [clip for clip in clips if clip.speaker in speakers]
    assert {clip.speaker for clip in chosen} == set(speakers), f"{name}: a voice is missing from {audio}"
    if meeting["material"] == "pieces":
        chosen = [piece for clip in chosen for piece in cut_at_pauses(clip, out / "pieces")]
    manifest = out / f"{name}.manifest.json"
    manifest.write_text(
        json.dumps([{"path": str(c.path.resolve()), "speaker": c.speaker, "text": c.text} for c in chosen]), "utf-8"
    )
    options = [f"--{option}={meeting[option]}" for option in _OPTIONS if option in meeting]
    flags = ["--allow-reuse"] if meeting.get("allow-reuse") else []
    command = [sys.executable, str(audio / "compose_meeting.py"), str(manifest), str(out / name), "--flac"]
    subprocess.run([*command, *options, *flags], check=True)
    recipe.write_text(wanted, "utf-8")
    return recording


_OPTIONS = ("minutes", "seed", "overlap", "snr", "noise", "rt60", "drr", "gain", "same-speaker")


def load_clips(audio: Path) -> list[Clip]:
    """Every single-speaker clip of the folder that the recipe draws on."""
    clips = []
    for bank in ("en-voicebank-libri", "en-voicebank-more", "fr-voicebank"):
        with (audio / bank / "clips.csv").open(encoding="utf-8") as table:
            clips += [
                Clip(audio / bank / row["file"], row["speaker"], row.get("text") or None)
                for row in csv.DictReader(table)
            ]
    for folder in ("en-composed", "fr-fleurs"):
        manifest = json.loads((audio / folder / "manifest.json").read_text("utf-8"))
        known = {clip.speaker for clip in clips}
        clips += [
            Clip(audio / folder / row["path"], row["speaker"], row.get("text"))
            for row in manifest
            if row["speaker"] not in known
        ]
    return [*clips, *(Clip(path, path.stem, None) for path in sorted((audio / "en-katiesteve/enrol").glob("*.flac")))]


def cut_at_pauses(clip: Clip, folder: Path) -> list[Clip]:
    """The clip as remarks of up to a few seconds, as people talk. Pieces carry no text."""
    import soundfile

    samples, rate_hz = soundfile.read(clip.path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    pieces = []
    target = folder / clip.speaker
    target.mkdir(parents=True, exist_ok=True)
    for number, (start, stop) in enumerate(_remarks(mono, rate_hz)):
        path = target / f"{clip.path.stem}-{number:02d}.flac"
        soundfile.write(path, mono[start:stop], rate_hz)
        pieces.append(Clip(path, clip.speaker, None))
    return pieces


def _remarks(mono: npt.NDArray[np.float32], rate_hz: int) -> list[tuple[int, int]]:
    """Sample ranges between pauses, joined while they stay under the longest piece. ``mono``: (num_samples,)."""
    hop = round(_FRAME_S * rate_hz)
    frames = mono[: len(mono) // hop * hop].reshape(-1, hop)
    level_db = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-12)
    quiet = np.concatenate([[True], level_db < np.percentile(level_db, 95) - 30, [True]])
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8)))
    stretches = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    remarks: list[list[int]] = []
    for a, b in stretches:
        is_same_breath = remarks and (a - remarks[-1][1]) * _FRAME_S < _PAUSE_S
        is_too_short_alone = remarks and (remarks[-1][1] - remarks[-1][0]) * _FRAME_S < _PIECE_S[0]
        if remarks and (is_same_breath or is_too_short_alone) and (b - remarks[-1][0]) * _FRAME_S <= _PIECE_S[1]:
            remarks[-1][1] = b
        else:
            remarks.append([a, b])
    pad = round(0.05 * rate_hz)
    return [
        (max(0, a * hop - pad), min(len(mono), b * hop + pad)) for a, b in remarks if (b - a) * _FRAME_S >= _PIECE_S[0]
    ]


if __name__ == "__main__":
    for recording in compose_all(Path(sys.argv[1]), Path(sys.argv[2])):
        print(recording)
