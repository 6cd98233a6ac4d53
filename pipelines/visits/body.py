"""Fit the body model to a clip's landmarks."""

from dataclasses import replace
from functools import lru_cache

from body.load import load_body_model
from body.model import BodyModel
from pipelines.cpu_meter import CpuMeter
from pipelines.elements import ClipTask, VisitResult
from schemas.parts import BODY_PART, LANDMARKS_PART, PartReader
from schemas.sample import arrays_to_npz, npz_to_arrays
from transforms.fit_body import FitConfig, Observations, fit_clip, fit_quality


@lru_cache(maxsize=2)
def _body_model(path: str | None) -> BodyModel:
    return load_body_model(path)


def body_visit(task: ClipTask, parts: PartReader, *, fit_body: FitConfig) -> VisitResult:
    """Fit the body model to a clip's landmarks; gives its parameters as a part."""
    meter = CpuMeter()
    clip = task.clip
    model = _body_model(fit_body.model)
    meter.charge("load_models")
    arrays = npz_to_arrays(parts.read("look", LANDMARKS_PART))
    seen = Observations.from_sample(arrays, clip.width, clip.height, clip.fps)
    fit = fit_clip(model, seen, fit_body)
    done = replace(clip, body_fit=fit_quality(model, fit))
    part = arrays_to_npz(fit.arrays())
    meter.charge("fit_body")
    return VisitResult(
        outputs=(replace(task, clip=done),), parts={BODY_PART: part}, cpu_seconds=meter.seconds
    )
