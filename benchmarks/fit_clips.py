"""The fitter on real clips: how near the model lies to the landmarks, whether it jumps, and what it costs."""

import io
import time
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.runs import read_rows
from body.face_mesh import CHIN, FOREHEAD, MIDDLE_LIPS
from body.model import BodyModel, landmark_points
from body.shading import overlay, part_colours
from body.skinning import skin, skin_points, transform_joints
from pipelines.open_clip import open_clip
from pipelines.run_folder import RunFolder
from pipelines.stored_clip import ClipMedia
from schemas.days import utc_today
from schemas.records.picture import BodyFit
from transforms.fit_body import Fit, Observations, fit_clip, fit_quality

_LIPS_AND_HEIGHT = (*MIDDLE_LIPS, FOREHEAD, CHIN)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ClipResult:
    """One clip's fit, scores and processor ms per frame; lips: correlation of the mesh's lip aperture with
    the landmarks', None if the face was hardly seen."""

    key: str
    fit: Fit
    scores: BodyFit
    ms_per_frame: float
    lips: float | None
    hand_size_error: float | None


def clip_keys(folder: Path) -> list[str]:
    """Return the keys of a run's clips that have landmarks."""
    return sorted(r["clip_id"] for r in read_rows(folder, "clips") if r["landmarks_face_ratio"] is not None)


def read_frames(media: ClipMedia) -> list[npt.NDArray[np.uint8]]:
    """Return a clip's frames, RGB."""
    with av.open(io.BytesIO(media.mp4), "r") as container:
        return [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for f in container.decode(video=0)]


def read_observations(folder: Path, key: str) -> Observations:
    """Return a clip's landmarks."""
    clip, media = open_clip(RunFolder(str(folder)), key, utc_today())
    return Observations.from_sample(media.arrays, *(clip.row[name] for name in ("width", "height", "fps")))


def fit_one(model: BodyModel, folder: Path, key: str) -> ClipResult:
    """Fit a clip of a curated folder."""
    seen = read_observations(folder, key)
    before = time.process_time()
    fit = fit_clip(model, seen)
    spent = time.process_time() - before
    return ClipResult(
        key=key,
        fit=fit,
        scores=fit_quality(model, fit),
        ms_per_frame=1000 * spent / seen.num_frames,
        lips=lip_correlation(model, fit, seen),
        hand_size_error=_hand_error(fit, seen),
    )


def lip_correlation(model: BodyModel, fit: Fit, seen: Observations) -> float | None:
    """Return how the mesh's lip aperture follows the landmarks', both in px over the face's height."""
    known = seen.seen("face")
    if known.sum() < 10:
        return None
    skin_marks = landmark_points(model, _LIPS_AND_HEIGHT)
    transforms = transform_joints(model, fit.full_pose(), fit.betas, fit.expression)
    points = skin_points(skin_marks, transforms, fit.betas, fit.expression, fit.transl)
    px = fit.camera().project(points)[known]
    target = seen.face[known][:, _LIPS_AND_HEIGHT, :2]
    opening = [np.linalg.norm(p[:, 0] - p[:, 1], axis=1) / np.linalg.norm(p[:, 2] - p[:, 3], axis=1)
               for p in (px, target)]  # fmt: skip
    return float(np.corrcoef(opening[0], opening[1])[0, 1])


def _hand_error(fit: Fit, seen: Observations) -> float | None:
    """Return the median error of hands over their length in the picture, wrist to the farthest fingertip."""
    shares: list[float] = []
    for part in ("left_hand", "right_hand"):
        points = getattr(seen, part)[..., :2]
        size = np.linalg.norm(points - points[:, :1], axis=-1).max(1)
        use = fit.valid[part] & np.isfinite(size)
        shares += (fit.error_px[part][use] / size[use]).tolist()
    return float(np.median(shares)) if shares else None


def write_overlays(model: BodyModel, folder: Path, result: ClipResult, target: Path, number: int = 6) -> None:
    """Write a picture of some frames with and without the mesh."""
    frames = read_frames(open_clip(RunFolder(str(folder)), result.key, utc_today())[1])
    chosen = np.linspace(0, len(frames) - 1, number).astype(int)
    fit, colours = result.fit, part_colours(model)
    mesh, _ = skin(model, fit.full_pose()[chosen], fit.betas, fit.expression[chosen], fit.transl[chosen])
    columns = [
        np.concatenate([frames[i], overlay(frames[i], v, model, fit.camera(), 0.6, colours)])
        for i, v in zip(chosen, mesh, strict=True)
    ]
    Image.fromarray(np.concatenate(columns, axis=1)).save(target)


def extractor_ms(folder: Path, key: str, limit: int = 100) -> float:
    """Return processor ms per frame of the landmark extractor on a clip, models loaded and warm."""
    from backends import mediapipe_landmarks

    media = open_clip(RunFolder(str(folder)), key, utc_today())[1]
    frames, arrays = read_frames(media), media.arrays
    extractor = mediapipe_landmarks.load(0.5, 1)
    extractor.reset()
    frames = frames[:limit]
    spent = 0.0
    for turn, (frame, box) in enumerate(zip(frames, arrays["box:face"], strict=False)):
        margin = 0.6 * float(box[3] - box[1])
        x0, y0, x1, y1 = (float(v) for v in box)
        before = time.process_time()
        extractor.extract(frame, (x0 - margin, y0 - margin, x1 + margin, y1 + margin))
        spent += time.process_time() - before if turn >= 3 else 0.0
    return 1000 * spent / max(len(frames) - 3, 1)
