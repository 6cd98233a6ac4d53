"""Track faces: link detections of one shot into tracks, one a visible person.

Detections are taken a few times a second; a track links them by overlap (the Hungarian
assignment on intersection over union). A face that leaves for longer than `max_gap_seconds` and
returns starts a new track: who it is, is for identity to say.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from backends.protocols.arrays import RgbImage
from backends.protocols.pictures import Detection, FaceDetector
from schemas.bounds import Count, Positive, Share
from schemas.ids import span_id
from schemas.records.picture import Box
from schemas.records.video import FaceTrack, Shot


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackConfig:
    """Sampling of the detector and linking of its boxes.

    The detector sees the whole picture. A face below a twentieth of its side is lost on it, as that of a
    talker in the corner of a slide or in a vertical picture filled with something else: squares of a larger
    picture are looked at where a face was a moment ago, and all of them once a while if there is no face.
    """

    detections_per_second: Positive = 6.0
    detector_side_px: Count = 384  # twice the input of the full-range network, for its crops
    close_side_px: Count = 768  # longer side of the picture that squares are cut from
    square_px: Count = 256
    scan_every_seconds: Positive = 1.0
    min_score: Share = 0.5
    full_range: bool = True
    min_iou: Share = 0.2
    max_gap_seconds: float = 0.7
    min_detections: Count = 3


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
    scale: float  # source px per px of the pictures it is given
    samples: list[SampledFaces] = field(default_factory=list[SampledFaces])
    _scanned: float | None = None

    def wants(self, seconds: float) -> bool:
        """Return whether the frame at this time is to be looked at."""
        if not self.samples:
            return True
        step = 1.0 / self.config.detections_per_second
        return seconds - self.samples[-1].seconds >= step - 1e-3

    def update(self, seconds: float, image: RgbImage) -> None:
        """Detect faces on a frame: its time and its picture, whose longer side is at most `close_side_px`."""
        found = self._whole(image)
        found = _distinct([*found, *self._where_they_were(image, found)], self.config.min_iou)
        every = self.config.scan_every_seconds
        if not found and (self._scanned is None or seconds - self._scanned >= every):
            self._scanned = seconds
            squares = squares_of(image.shape[1], image.shape[0], self.config.square_px)
            found = _distinct([d for s in squares for d in self._within(image, s)], self.config.min_iou)
        self.samples.append(SampledFaces(seconds, tuple(_moved(d, self.scale) for d in found)))

    def _whole(self, image: RgbImage) -> list[Detection]:
        shrink = max(image.shape[:2]) / self.config.detector_side_px
        if shrink <= 1:
            return self.detector.detect(image)
        size = (round(image.shape[1] / shrink), round(image.shape[0] / shrink))
        small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        return [_moved(d, shrink) for d in self.detector.detect(small)]

    def _where_they_were(self, image: RgbImage, found: Sequence[Detection]) -> list[Detection]:
        """Return the faces of the last sample that the detector finds again when it looks closely."""
        before = [_moved(d, 1 / self.scale) for d in (self.samples[-1].faces if self.samples else ())]
        if before and found:
            overlap = iou_matrix([d.box_xyxy for d in before], [d.box_xyxy for d in found])
            before = [d for d, row in zip(before, overlap, strict=True) if row.max() < self.config.min_iou]
        again: list[Detection] = []
        for face in before:
            near = self._within(image, square_around(face.box_xyxy, image.shape, self.config.square_px))
            overlap = iou_matrix([face.box_xyxy], [d.box_xyxy for d in near]) if near else np.zeros((1, 0))
            again += [d for d, same in zip(near, overlap[0], strict=True) if same >= self.config.min_iou]
        return again

    def _within(self, image: RgbImage, square: tuple[int, int, int, int]) -> list[Detection]:
        x0, y0, x1, y1 = square
        part = np.ascontiguousarray(image[y0:y1, x0:x1])
        return [_moved(d, 1.0, (x0, y0)) for d in self.detector.detect(part)]


def squares_of(width: int, height: int, side: int) -> list[tuple[int, int, int, int]]:
    """Return squares (x0, y0, x1, y1) px that cover a picture and overlap by a fifth or more."""

    def starts(length: int) -> list[int]:
        count = 1 if length <= side else 1 + math.ceil((length - side) / (0.8 * side))
        return np.linspace(0, max(length - side, 0), count).round().astype(int).tolist()

    return [
        (x, y, min(x + side, width), min(y + side, height)) for y in starts(height) for x in starts(width)
    ]


def square_around(box: Box, shape: tuple[int, ...], side: int) -> tuple[int, int, int, int]:
    """Return the square (x0, y0, x1, y1) px around a face in a picture of shape (H, W, ...).

    It has the given side or four times the face's height, whichever is more, as far as the picture goes.
    """
    half = max(side, 4 * (box[3] - box[1])) / 2
    corners = [
        (min(max(round(0.5 * (low + high) - half), 0), length - 1), round(0.5 * (low + high) + half))
        for low, high, length in ((box[0], box[2], shape[1]), (box[1], box[3], shape[0]))
    ]
    (x0, x1), (y0, y1) = corners
    return x0, y0, min(max(x1, x0 + 1), shape[1]), min(max(y1, y0 + 1), shape[0])


def _distinct(faces: Sequence[Detection], min_iou: float) -> list[Detection]:
    """Return faces of which no two overlap, the surest of each."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda d: -d.score):
        if not kept or iou_matrix([face.box_xyxy], [d.box_xyxy for d in kept]).max() < min_iou:
            kept.append(face)
    return kept


def _moved(face: Detection, scale: float, origin: tuple[int, int] = (0, 0)) -> Detection:
    x0, y0, x1, y1 = face.box_xyxy
    x, y = origin
    box = (scale * (x0 + x), scale * (y0 + y), scale * (x1 + x), scale * (y1 + y))
    return Detection(box, face.score)


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
