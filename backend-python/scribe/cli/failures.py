"""How the command ends: exit codes, and errors as sentences instead of traces.

Owns the map from error to exit code (``docs/errors.md`` lists it); never catches what is not ours: an unexpected error
keeps its trace, because somebody must mend it.
"""

from scribe.domain.errors import (
    Cancelled,
    InputError,
    ModelCorruptError,
    ModelMissingError,
    ModelPullError,
    ModelUnknownError,
    OptionError,
    ResourceError,
    ScribeError,
)

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_MODEL = 4
EXIT_RESOURCE = 5
EXIT_INTERRUPTED = 130

_EXIT_CODES: tuple[tuple[type[ScribeError], int], ...] = (
    (OptionError, EXIT_USAGE),
    (InputError, EXIT_INPUT),
    (ModelMissingError, EXIT_MODEL),
    (ModelCorruptError, EXIT_MODEL),
    (ModelUnknownError, EXIT_MODEL),
    (ModelPullError, EXIT_MODEL),
    (ResourceError, EXIT_RESOURCE),
    (Cancelled, EXIT_INTERRUPTED),
)


def exit_code_of(error: ScribeError) -> int:
    for kind, code in _EXIT_CODES:
        if isinstance(error, kind):
            return code
    return EXIT_FAILED
