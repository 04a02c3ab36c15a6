"""Composes ``samples/conference.flac``, its references and enrolment clips from free recordings in Debian packages.

Owns which sentences are taken and where they go; every number below is fixed, so the same packages give the same
samples. It is run once, by whoever changes the sample: the result is committed. Licences: ``samples/README.md``.

Usage, on a Debian system (the packages are unpacked, never installed; needs av, numpy and soundfile)::

    mkdir debs && cd debs && apt-get download PACKAGE=VERSION...     # the four of PACKAGES
    python scripts/make_sample.py debs ../samples
"""

import argparse
import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soundfile

SAMPLE_RATE_HZ = 16_000
NAME = "conference"

Samples = npt.NDArray[np.float32]

PACKAGES = {
    "asterisk-core-sounds-fr-g722_1.6.1-1_all.deb": (
        "7add61d5e42279ecff1bbdf842a5a946ac3644fac9a0fe44384731aa7270c8e0"
    ),
    "asterisk-core-sounds-en-g722_1.6.1-1_all.deb": (
        "38c5261820b406dcb0ecb37675720da2b0864850690690352ca52707eb623806"
    ),
    "asterisk-prompt-fr-armelle_20070613-2.2_all.deb": (
        "162570b1a9b3512a98f06b89f60c7c17cf1b9b52297315adca9a4e5be728bea3"
    ),
    "pocketsphinx-testdata_0.8+5prealpha+1-15_all.deb": (
        "eaeb7a01d54f20b799d1a81ef110ec544b2cb47ea006614078220737a33019f0"
    ),
}
"""File name of each package and its SHA-256."""

FOLDERS = {
    "June": "usr/share/asterisk/sounds/fr_CA_f_June",
    "Allison": "usr/share/asterisk/sounds/en_US_f_Allison",
    "Armelle": "usr/share/asterisk/sounds/fr",
    "Reader": "usr/share/pocketsphinx/test/data/librivox",
}

LEVELS_DBFS = {"June": -23.0, "Armelle": -25.0, "Allison": -23.0, "Reader": -24.0}
"""RMS of each voice where it speaks: a meeting in which nobody shouts."""


@dataclass(frozen=True, slots=True)
class Line:
    """One clip in the conversation."""

    speaker: str
    file: str
    text: str
    gap_s: float
    """Pause before it; below zero it starts before the line in front has ended."""


SCRIPT = (
    Line(
        "June",
        "tt-allbusy.g722",
        "Tous nos préposés sont présentement occupés. Votre appel est important pour nous. "
        "Merci de bien vouloir patienter afin de conserver votre priorité d'appel.",
        0.6,
    ),
    Line(
        "Armelle",
        "conf-onlyperson.gsm",
        "Vous êtes pour l'instant la seule personne dans cette conférence.",
        0.5,
    ),
    Line("June", "conf-leaderhasleft.g722", "Le responsable a quitté la conférence.", 0.4),
    Line(
        "Armelle",
        "queue-youarenext.gsm",
        "Votre appel est maintenant le prochain dans la liste et vous serez connecté au prochain représentant "
        "disponible.",
        0.45,
    ),
    Line(
        "June",
        "demo-nogo.g722",
        "Je suis désolée, la connexion avec le serveur de démonstration de Digium n'a pu être établie. "
        "Vous trouverez des informations de débogage sur la console d'Asterisk.",
        0.5,
    ),
    Line(
        "Armelle",
        "vm-mailboxfull.gsm",
        "Désolée, cette boîte aux lettres ne peut plus prendre de messages.",
        0.55,
    ),
    Line("Allison", "vm-sorry.g722", "I'm sorry, I did not understand your response.", 2.0),
    Line(
        "Reader",
        "sense_and_sensibility_01_austen_64kb-0870.wav",
        "And Mister John Dashwood had then leisure to consider how much there might be prudently in his power "
        "to do for them.",
        0.5,
    ),
    Line(
        "Allison",
        "followme/status.g722",
        "The person you are calling is not at their desk. I will try to locate them for you.",
        -0.7,
    ),
    Line("Reader", "sense_and_sensibility_01_austen_64kb-0880.wav", "He was not an ill-disposed young man.", 0.5),
    Line(
        "Allison",
        "demo-thanks.g722",
        "Goodbye. Thank you for trying out the Asterisk open source PBX.",
        0.5,
    ),
)

VOICES = {"June": "demo-echotest.g722", "Allison": "demo-echotest.g722"}
"""Enrolment clips: about twenty seconds each, none of it heard in the conversation."""


def unpacked(packages: Path, target: Path) -> None:
    """Checks each package by its hash and unpacks it into ``target`` (all side by side)."""
    for name, sha256 in PACKAGES.items():
        package = packages / name
        if hashlib.sha256(package.read_bytes()).hexdigest() != sha256:
            raise SystemExit(f"{name} is not the package this sample was made from.")
        subprocess.run(["dpkg-deb", "-x", str(package), str(target)], check=True)


def decoded(path: Path) -> Samples:
    """The clip as (num_samples,) float32, 16 kHz mono. GSM prompts come up from 8 kHz: telephone band."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
    parts: list[Samples] = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            parts += [resampled.to_ndarray()[0] for resampled in resampler.resample(frame)]
        parts += [resampled.to_ndarray()[0] for resampled in resampler.resample(None)]
    return np.concatenate(parts).astype(np.float32)


def active_frames(clip: Samples) -> npt.NDArray[np.bool_]:
    """(num_frames,) of 10 ms: louder than 35 dB below the loudest frame, single clicks of under 80 ms left out."""
    frames = clip[: len(clip) // 160 * 160].reshape(-1, 160)
    power = (frames.astype(np.float64) ** 2).mean(axis=1) + 1e-12
    loud = 10 * np.log10(power / power.max()) > -35.0
    edges = np.flatnonzero(np.diff(np.r_[False, loud, False].astype(np.int8)))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        loud[start:stop] = stop - start >= 8
    return np.asarray(loud)


def levelled(clip: Samples, level_dbfs: float) -> Samples:
    """Without leading and trailing silence, at the level wanted where there is speech."""
    active = active_frames(clip)
    first, last = int(np.argmax(active)), len(active) - int(np.argmax(active[::-1]))
    clip = clip[max(0, first - 5) * 160 : (last + 5) * 160]
    speech = clip[: len(clip) // 160 * 160].reshape(-1, 160)[active_frames(clip)]
    rms = float(np.sqrt((speech.astype(np.float64) ** 2).mean()))
    return (clip * (10 ** (level_dbfs / 20) / rms)).astype(np.float32)


def spoken_spans(clip: Samples, offset_s: float) -> Iterator[tuple[float, float]]:
    """Stretches of speech, cut where the voice rests for half a second or more (AMI's usual rule for turns)."""
    frames = np.flatnonzero(active_frames(clip))
    breaks = np.flatnonzero(np.diff(frames) > 50)
    starts = [frames[0], *frames[breaks + 1]]
    ends = [*frames[breaks], frames[-1]]
    for start, end in zip(starts, ends, strict=True):
        yield offset_s + start / 100, offset_s + (end + 1) / 100


def composed(clips: list[Samples]) -> tuple[Samples, list[float]]:
    """The conversation over faint room noise, and the start of every line in seconds."""
    starts: list[float] = []
    clock = 0.0
    for line, clip in zip(SCRIPT, clips, strict=True):
        starts.append(round(clock + line.gap_s, 2))
        clock = starts[-1] + len(clip) / SAMPLE_RATE_HZ
    total = round((clock + 0.8) * SAMPLE_RATE_HZ)
    noise = np.random.default_rng(2026).standard_normal(total).astype(np.float32)
    mix = noise * np.float32(10 ** (-66 / 20))
    for start_s, clip in zip(starts, clips, strict=True):
        start = round(start_s * SAMPLE_RATE_HZ)
        mix[start : start + len(clip)] += clip
    return mix, starts


def write_references(target: Path, clips: list[Samples], starts: list[float], duration_s: float) -> None:
    rttm, stm = [], []
    for line, clip, offset_s in zip(SCRIPT, clips, starts, strict=True):
        spans = list(spoken_spans(clip, offset_s))
        stm.append(f"{NAME} 1 {line.speaker} {spans[0][0]:.3f} {spans[-1][1]:.3f} {line.text}")
        for start_s, end_s in spans:
            rttm.append(f"SPEAKER {NAME} 1 {start_s:.3f} {end_s - start_s:.3f} <NA> <NA> {line.speaker} <NA> <NA>")
    (target / f"{NAME}.rttm").write_text("\n".join(rttm) + "\n", encoding="utf-8")
    (target / f"{NAME}.stm").write_text("\n".join(stm) + "\n", encoding="utf-8")
    (target / f"{NAME}.uem").write_text(f"{NAME} 1 0.000 {duration_s:.3f}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", type=Path, help="folder with the four .deb files")
    parser.add_argument("target", type=Path, help="the samples/ folder to write")
    arguments = parser.parse_args()
    target: Path = arguments.target
    (target / "voices").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        unpacked(arguments.packages, root)
        clips = [
            levelled(decoded(root / FOLDERS[line.speaker] / line.file), LEVELS_DBFS[line.speaker]) for line in SCRIPT
        ]
        for speaker, file in VOICES.items():
            voice = levelled(decoded(root / FOLDERS[speaker] / file), LEVELS_DBFS[speaker])
            soundfile.write(target / "voices" / f"{speaker}.flac", voice, SAMPLE_RATE_HZ, subtype="PCM_16")
    mix, starts = composed(clips)
    soundfile.write(target / f"{NAME}.flac", mix, SAMPLE_RATE_HZ, subtype="PCM_16")
    write_references(target, clips, starts, len(mix) / SAMPLE_RATE_HZ)


if __name__ == "__main__":
    main()
