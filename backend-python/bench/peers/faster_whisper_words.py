"""faster-whisper's two ways: sequential with its defaults (beam 5), or batched with its VAD and word times.

Usage: ``faster_whisper_words.py MODEL_FOLDER sequential|batched LANGUAGE|auto WAV OUT.json``
"""

import json
import resource
import sys
from importlib.metadata import version
from pathlib import Path

BATCH_SIZE = 8
SEED = 0
"""The sequential way falls back to sampling when it is unsure: without a seed every run differs."""


def cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    model_folder, mode, given, wav, out = sys.argv[1:6]
    language = None if given == "auto" else given
    import ctranslate2
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    ctranslate2.set_random_seed(SEED)

    model = WhisperModel(model_folder, device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)
    loaded_cpu_s = cpu_s()
    if mode == "batched":
        pipeline = BatchedInferencePipeline(model)
        found, info = pipeline.transcribe(wav, language=language, batch_size=BATCH_SIZE, word_timestamps=True)
    else:
        found, info = model.transcribe(wav, language=language)
    segments = [
        {
            "start": segment.start,
            "end": segment.end,
            "text": segment.text.strip(),
            "words": [[word.start, word.end, word.word] for word in segment.words or ()],
        }
        for segment in found
    ]
    result = {
        "segments": segments,
        "language": info.language,
        "versions": {name: version(name) for name in ("faster-whisper", "ctranslate2")},
        "settings": {"mode": mode, "beam_size": 5, "compute_type": "int8", "batch_size": BATCH_SIZE},
        "load_cpu_s": loaded_cpu_s,
        "run_cpu_s": cpu_s() - loaded_cpu_s,
    }
    Path(out).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
