"""Who spoke when, without torch: pyannote's segmentation-3.0 and CAM++ voiceprints through ONNX Runtime.

Owns the way from a waveform to turns and one voiceprint per speaker; never names a person. Usage::

    from scribe.engines.diarization import OnnxDiarizer
"""

from scribe.engines.diarization.engine import DiarizerTuning, OnnxDiarizer

__all__ = ["DiarizerTuning", "OnnxDiarizer"]
