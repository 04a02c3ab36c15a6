"""What was measured of a voiceprint model: what all voices share under it, and what a score is worth.

Owns the shipped cohorts and calibrations; never compares voices (``domain/voices.py`` does). Made by
``bench/cohort.py`` and ``bench/identification.py``. Usage::

    cohort = load_cohort("campplus")      # None: nobody has measured that model
"""

import io
from collections.abc import Mapping
from importlib import resources

import numpy as np

from scribe.domain.voices import Calibration, Cohort

CALIBRATIONS: Mapping[str, Calibration] = {
    "campplus": Calibration(0.857, 0.440, 0.162, different_mean=0.014, different_sd=0.111, floor=0.30),
}


def load_cohort(model_id: str) -> Cohort | None:
    """The shipped cohort of a model; ``None`` where none was measured, and plain cosines are compared then."""
    packed = resources.files("scribe.engines").joinpath("weights", "cohort.npz").read_bytes()
    with np.load(io.BytesIO(packed), allow_pickle=False) as means:
        if model_id not in means:
            return None
        mean = means[model_id].astype(np.float32)
        name = f"{model_id}.nuisance"
        directions = means[name].astype(np.float32) if name in means else None
        return Cohort(model_id, mean, CALIBRATIONS.get(model_id), directions)
