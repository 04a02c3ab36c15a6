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
    │   ├── VoiceClipError            voices.unusable_clip
    │   ├── WeakPasswordError         access.weak_password
    │   ├── BackupError               backup.invalid
    │   ├── BundleError               bundle.invalid: an air-gap pack that is damaged, or not for this machine
    │   └── UploadError               upload.invalid
    │       ├── UploadEmptyError      upload.empty
    │       ├── UploadTooLargeError   upload.too_large
    │       ├── ChecksumError         upload.checksum_mismatch
    │       └── UploadIncompleteError upload.incomplete
    ├── RequestError                  what was asked does not fit the state of things
    │   ├── NotFoundError             request.not_found
    │   ├── RecordingRemovedError     recording.removed: it had its time
    │   ├── ConflictError             request.conflict
    │   │   ├── StatusConflictError   meeting.status_conflict
    │   │   ├── DuplicateError        meeting.duplicate
    │   │   ├── NotReadyError         meeting.not_ready: it will be there, wait
    │   │   ├── EditConflictError     edit.conflict: somebody changed these lines meanwhile
    │   │   ├── ConsentError          voices.consent_missing: nobody is enrolled without it
    │   │   ├── IdempotencyError      request.idempotency_mismatch
    │   │   └── InProgressError       request.in_progress
    │   ├── PreconditionError         request.precondition_failed
    │   ├── RangeError                request.range_not_satisfiable
    │   └── RateLimitError            request.rate_limited
    ├── AccessError
    │   ├── NotSignedInError          access.not_signed_in
    │   ├── SignInError               access.wrong_credentials
    │   ├── ForbiddenError            access.forbidden
    │   ├── CsrfError                 access.csrf
    │   └── PasswordChangeError       access.password_change_required
    ├── UnavailableError              service.unavailable: database, Redis or storage does not answer
    │   └── StorageError              storage.unavailable
    ├── LeaseLostError                run.lease_lost: another worker has the meeting now
    ├── WorkerLostError               run.worker_lost: a worker vanished in the middle of a meeting
    ├── ModelError
    │   ├── ModelMissingError         model.missing
    │   ├── ModelCorruptError         model.corrupt
    │   ├── ModelUnknownError         model.unknown
    │   ├── ModelPullError            model.pull_failed
    │   └── EngineError               engine.failed
    │       ├── EngineCrashError      engine.crashed: the process that ran the models died
    │       ├── CardError             engine.card_lost: the card failed in the middle; a new process may do better
    │       └── DeviceError           engine.device_unusable: a card was asked for that a library cannot use
    ├── BundleMakingError             bundle.not_made: something for the air-gap pack could not be had
    ├── ResourceError                 resource.exhausted: time, memory or disk ran out
    ├── ResidencyError                residency.violated: two models at once, a bug of ours
    ├── VoiceprintMismatchError       voices.model_mismatch
    ├── ArtefactError                 artefact.unreadable
    ├── InternalError                 internal.error: a bug of ours, its trace is in the log
    └── Cancelled                     run.cancelled: somebody asked for it, nothing is wrong

Usage::

    raise ModelMissingError("whisper-base is not installed: run `scribe models pull whisper-base`.")
"""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID


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


class WeakPasswordError(InputError):
    code = "access.weak_password"


class BackupError(InputError):
    """A backup that is damaged, incomplete or of a newer version."""

    code = "backup.invalid"


class BundleError(InputError):
    """An air-gap pack that is damaged, cut off, hostile, or made for another machine."""

    code = "bundle.invalid"


class UploadError(InputError):
    code = "upload.invalid"


class UploadEmptyError(UploadError):
    code = "upload.empty"


class UploadTooLargeError(UploadError):
    code = "upload.too_large"


class ChecksumError(UploadError):
    code = "upload.checksum_mismatch"


class UploadIncompleteError(UploadError):
    code = "upload.incomplete"
    is_retryable = True


class RequestError(ScribeError):
    code = "request.refused"


class NotFoundError(RequestError):
    """Also raised for what is there but may not be seen: the answer must not tell."""

    code = "request.not_found"


class RecordingRemovedError(RequestError):
    """The text is there, the recording is not any more: nothing can be played or run again."""

    code = "recording.removed"


class ConflictError(RequestError):
    code = "request.conflict"


class StatusConflictError(ConflictError):
    code = "meeting.status_conflict"


class DuplicateError(ConflictError):
    """The same recording was uploaded before by the same user."""

    code = "meeting.duplicate"

    def __init__(self, message: str, meeting_id: UUID) -> None:
        super().__init__(message)
        self.meeting_id = meeting_id


class EditConflictError(ConflictError):
    """What was to be changed is not as it was seen, or something later stands on it."""

    code = "edit.conflict"

    def __init__(self, message: str, edits: Sequence[object], current: Sequence[object]) -> None:
        """``edits``: who changed it; ``current``: the lines that stand there now (services/edit_views.py)."""
        super().__init__(message)
        self.edits = edits
        self.current = current


class ConsentError(ConflictError):
    """A voice is measured, kept or compared only with its owner's consent."""

    code = "voices.consent_missing"


class IdempotencyError(ConflictError):
    code = "request.idempotency_mismatch"


class InProgressError(ConflictError):
    """The first request with the same Idempotency-Key is not done yet."""

    code = "request.in_progress"
    is_retryable = True
    retry_after_s = 2.0


class NotReadyError(ConflictError):
    """Of a meeting that waits or runs: what was asked for will be there."""

    code = "meeting.not_ready"
    is_retryable = True
    retry_after_s = 5.0

    def __init__(self, message: str, status: str, percent: float) -> None:
        super().__init__(message)
        self.status = status
        self.percent = percent


class PreconditionError(RequestError):
    code = "request.precondition_failed"


class RangeError(RequestError):
    code = "request.range_not_satisfiable"

    def __init__(self, message: str, size_bytes: int) -> None:
        super().__init__(message)
        self.size_bytes = size_bytes


class RateLimitError(RequestError):
    code = "request.rate_limited"
    is_retryable = True

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class AccessError(ScribeError):
    code = "access.refused"


class NotSignedInError(AccessError):
    code = "access.not_signed_in"


class SignInError(AccessError):
    code = "access.wrong_credentials"


class ForbiddenError(AccessError):
    code = "access.forbidden"


class CsrfError(AccessError):
    code = "access.csrf"


class PasswordChangeError(AccessError):
    code = "access.password_change_required"


class UnavailableError(ScribeError):
    code = "service.unavailable"
    is_retryable = True


class StorageError(UnavailableError):
    code = "storage.unavailable"


class LeaseLostError(ScribeError):
    code = "run.lease_lost"


class WorkerLostError(ScribeError):
    code = "run.worker_lost"
    is_retryable = True


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


class EngineCrashError(EngineError):
    code = "engine.crashed"


class CardError(EngineError):
    """The process's hold on the card is gone; the worker starts a new one."""

    code = "engine.card_lost"
    is_retryable = True


class DeviceError(EngineError):
    code = "engine.device_unusable"
    is_retryable = False


class BundleMakingError(ScribeError):
    """Something that belongs into an air-gap pack could not be had."""

    code = "bundle.not_made"
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
