"""Every error this project raises on purpose, as one tree.

Owns the error classes and their stable codes; never an HTTP status or an exit code (the edges map those).

    ScribeError
    ├── InputError                    the recording or an option is at fault; trying again will not help
    │   ├── AudioError                audio.unreadable and its children
    │   │   ├── NotAudioError         audio.not_audio
    │   │   ├── NoAudioTrackError     audio.no_track
    │   │   ├── AudioCorruptError     audio.corrupt
    │   │   ├── AudioEmptyError       audio.empty
    │   │   └── AudioTooLongError     audio.too_long
    │   ├── OptionError               option.invalid
    │   └── VoiceClipError            voices.unusable_clip
    ├── ModelError
    │   ├── ModelMissingError         model.missing
    │   ├── ModelCorruptError         model.corrupt
    │   ├── ModelUnknownError         model.unknown
    │   ├── ModelPullError            model.pull_failed
    │   └── EngineError               engine.failed
    ├── ResourceError                 resource.exhausted: time, memory or disk ran out
    ├── ResidencyError                residency.violated: two models at once, a bug of ours
    ├── VoiceprintMismatchError       voices.model_mismatch
    ├── ArtefactError                 artefact.unreadable
    ├── InternalError                 internal.error: a bug of ours, its trace is in the log
    └── Cancelled                     run.cancelled: somebody asked for it, nothing is wrong

Usage::

    raise ModelMissingError("whisper-base is not installed: run `scribe models pull whisper-base`.")
"""

from typing import ClassVar


class ScribeError(Exception):
    """Root of all errors raised on purpose. ``str(error)`` is one sentence that the user can act on."""

    code: ClassVar[str] = "scribe.error"
    """Stable, machine-readable; documented in ``docs/errors.md``."""
    is_retryable: ClassVar[bool] = False
    """Whether the very same work may succeed if it is simply tried again later."""


class InputError(ScribeError):
    code = "input.invalid"


class AudioError(InputError):
    code = "audio.unreadable"


class NotAudioError(AudioError):
    code = "audio.not_audio"


class NoAudioTrackError(AudioError):
    code = "audio.no_track"


class AudioCorruptError(AudioError):
    code = "audio.corrupt"


class AudioEmptyError(AudioError):
    code = "audio.empty"


class AudioTooLongError(AudioError):
    code = "audio.too_long"


class OptionError(InputError):
    code = "option.invalid"


class VoiceClipError(InputError):
    code = "voices.unusable_clip"


class ModelError(ScribeError):
    code = "model.error"


class ModelMissingError(ModelError):
    code = "model.missing"


class ModelCorruptError(ModelError):
    code = "model.corrupt"


class ModelUnknownError(ModelError):
    code = "model.unknown"


class ModelPullError(ModelError):
    code = "model.pull_failed"
    is_retryable = True


class EngineError(ModelError):
    code = "engine.failed"
    is_retryable = True


class ResourceError(ScribeError):
    code = "resource.exhausted"
    is_retryable = True


class ResidencyError(ScribeError):
    code = "residency.violated"


class VoiceprintMismatchError(ScribeError):
    code = "voices.model_mismatch"


class ArtefactError(ScribeError):
    code = "artefact.unreadable"


class InternalError(ScribeError):
    code = "internal.error"


class Cancelled(ScribeError):  # noqa: N818 -- a request that was honoured, not an error
    code = "run.cancelled"
