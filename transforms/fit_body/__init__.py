"""Fit an SMPL-X-format body, hands and face to the landmarks of a clip."""

from transforms.fit_body.config import FitConfig
from transforms.fit_body.fit import PARTS, Fit, fit_clip
from transforms.fit_body.observations import Observations
from transforms.fit_body.quality import fit_quality

__all__ = ["PARTS", "Fit", "FitConfig", "Observations", "fit_clip", "fit_quality"]
