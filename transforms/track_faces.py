"""Track faces: link detections of one shot into tracks, one a visible person.

Detections are taken a few times a second; a track links them by overlap (the Hungarian
assignment on intersection over union). A face that leaves for longer than `max_gap_seconds` and
returns starts a new track: who it is, is for identity to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from backends.protocols import Detection, FaceDetector, RgbImage
from schemas.ids import span_id
from schemas.records import Box, FaceTrack, Shot


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackConfig:
    """Sampling of the detector and linking of its boxes."""

    detections_per_second: float = 6.0
    detector_side_px: int = 384  # twice the input of the full-range network, for its crops
    min_score: float = 0.5
    full_range: bool = True
    min_iou: float = 0.2
    max_gap_seconds: float = 0.7
    min_detections: int = 3


@dataclass(frozen=True, slots=True)
class SampledFaces:
    """Detections on one sampled frame, in px of the displayed source picture."""

    seconds: float
    faces: tuple[Detection, ...]


@dataclass(slots=True)
class FaceScanner:
    """Consumes frames in order and runs the detector on some of them."""

    config: TrackConfig
    detector: FaceDetector
    scale: float  # source px per px of the detector's picture
    samples: list[SampledFaces] = field(default_factory=list[SampledFaces])

    def wants(self, seconds: float) -> bool:
        """Return whether the frame at this time is to be looked at."""
        if not self.samples:
            return True
        step = 1.0 / self.config.detections_per_second
        return seconds - self.samples[-1].seconds >= step - 1e-3

    def update(self, seconds: float, image: RgbImage) -> None:
        """Detect faces on a frame: its time and its picture at the detector's scale."""
        faces = tuple(
            Detection(_scaled(d.box_xyxy, self.scale), d.score) for d in self.detector.detect(image)
        )
        self.samples.append(SampledFaces(seconds, faces))


def _scaled(box: Box, scale: float) -> Box:
    return box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale


def iou_matrix(first: Sequence[Box], second: Sequence[Box]) -> np.ndarray:
    """Return the intersection over union of every pair of boxes, (len(first), len(second))."""
    a, b = np.asarray(first, float)[:, None], np.asarray(second, float)[None]
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    overlap = np.clip(high - low, 0, None).prod(-1)
    areas = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    return overlap / np.maximum(areas - overlap, 1e-9)


@dataclass(slots=True)
class _Open:
    times: list[float]
    boxes: list[Box]
    scores: list[float]


def link(samples: Sequence[SampledFaces], config: TrackConfig) -> list[_Open]:
    """Link the detections of one shot into tracks, in order of appearance."""
    tracks: list[_Open] = []
    for sample in samples:
        active = [t for t in tracks if sample.seconds - t.times[-1] <= config.max_gap_seconds]
        free = set(range(len(sample.faces)))
        if active and free:
            overlap = iou_matrix([t.boxes[-1] for t in active], [f.box_xyxy for f in sample.faces])
            rows, columns = linear_sum_assignment(-overlap)
            for row, column in zip(map(int, rows), map(int, columns), strict=True):
                if overlap[row, column] >= config.min_iou:
                    _extend(active[row], sample.seconds, sample.faces[column])
                    free.discard(column)
        for column in sorted(free):
            tracks.append(_Open([], [], []))
            _extend(tracks[-1], sample.seconds, sample.faces[column])
    return tracks


def _extend(track: _Open, seconds: float, face: Detection) -> None:
    track.times.append(seconds)
    track.boxes.append(face.box_xyxy)
    track.scores.append(face.score)


def build_tracks(shot: Shot, samples: Sequence[SampledFaces], config: TrackConfig) -> list[FaceTrack]:
    """Return the face tracks of one shot, on its clean span."""
    inside = [s for s in samples if shot.clean_start_seconds <= s.seconds < shot.clean_end_seconds]
    found = [t for t in link(inside, config) if len(t.times) >= config.min_detections]
    times = [s.seconds for s in inside]
    return [_track(shot, number, track, times) for number, track in enumerate(found)]


def _track(shot: Shot, number: int, track: _Open, sampled: list[float]) -> FaceTrack:
    """Make the record; a track reaches half-way to the samples on which it was not seen."""
    boxes = np.asarray(track.boxes)
    before = [t for t in sampled if t < track.times[0]]
    after = [t for t in sampled if t > track.times[-1]]
    start = 0.5 * (before[-1] + track.times[0]) if before else shot.clean_start_seconds
    end = 0.5 * (track.times[-1] + after[0]) if after else shot.clean_end_seconds
    span = (round(start * 1e6), round(end * 1e6))
    return FaceTrack(
        track_id=span_id(shot.shot_id, "face", *span, number),
        shot_id=shot.shot_id,
        video_id=shot.video_id,
        start_seconds=start,
        end_seconds=end,
        median_height_px=float(np.median(boxes[:, 3] - boxes[:, 1])),
        mean_score=float(np.mean(track.scores)),
        times_seconds=tuple(track.times),
        boxes_xyxy=tuple(float(v) for v in np.round(boxes, 2).ravel()),
        scores=tuple(round(s, 4) for s in track.scores),
    )
