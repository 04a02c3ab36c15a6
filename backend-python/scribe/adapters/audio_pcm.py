"""A converted recording on disk, read as it is sliced.

Owns the reading; never holds more than was asked for. A memory map would do the same with less code, but its pages
count as resident until the system is short of memory: four hours made 455 MB of them.

Usage::

    pcm = PcmFile(wav, offset_bytes=44)
    pcm[16_000:32_000]      # the second second, (16_000,) int16
"""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt


class PcmFile:
    """(num_samples,) int16. Satisfies ``domain.audio.Pcm``; may be read from several threads."""

    def __init__(self, path: Path, offset_bytes: int) -> None:
        self._file = path.open("rb")
        self._offset_bytes = offset_bytes
        self._num_samples = (os.fstat(self._file.fileno()).st_size - offset_bytes) // 2

    def __len__(self) -> int:
        return self._num_samples

    def __getitem__(self, window: slice, /) -> npt.NDArray[np.int16]:
        start, stop, step = window.indices(self._num_samples)
        if step != 1:
            raise ValueError("A recording is read in stretches, not in steps.")
        size_bytes = 2 * max(stop - start, 0)
        content = os.pread(self._file.fileno(), size_bytes, self._offset_bytes + 2 * start)
        return np.frombuffer(content, dtype="<i2")

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
