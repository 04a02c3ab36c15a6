"""Speech to words: voice activity, windows, Whisper, languages, guards, word times.

Usage::

    from scribe.engines.transcription import WhisperTranscriber
"""

from scribe.engines.transcription.engine import WhisperTranscriber

__all__ = ["WhisperTranscriber"]
