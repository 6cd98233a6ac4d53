"""What is measured of one held-out clip: windows and whole pictures, made in every way, beside the real."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import FaceView, LandmarkExtractor
from body.face_mesh import OUTER_EYES
from body.model import BodyModel
from body.windows import HAND_WINDOWS, WindowKind
from models.data.records import Window
from models.video.judged import apart, in_a_row, person_of
from models.video.measures import Values, likeness, looks_alike, over_time, regions, sharpness
from models.video.pairs import Examples, Segment, make_pairs
from models.video.perceptual import PerceptualDistance
from models.video.ways import MODEL, PHOTO, REAL, WARP, Pictures, Way, whole_pictures, window_frames
from schemas.sample import LANDMARK_UNITS_PER_PX
from transforms.extract_landmarks import LandmarkConfig, region_around

Image = npt.NDArray[np.uint8]
HEAD, HANDS, PICTURE = "head", "hands", "picture"
_LEAST_EYES_PX = 8.0  # between the eyes' outer corners, for a face that can be told from others
_HANDS_REGIONS = ("whole", "person", "hands", "visible")  # what a hand's window is judged by


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """A value of a clip: where it was looked (`view`), how the frames were made, and which measure."""

    key: str
    person: str
    view: str
    way: str
    name: str
    value: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Judged:
    """A clip's scores, and its first frame of the head in every way; or why it was left out."""

    scores: tuple[Score, ...]
    heads: Mapping[str, Image]
    left_out: str | None = None


class ClipJudge:
    """Judges clips; holds the models that made frames are judged by."""

    def __init__(
        self,
        ways: Sequence[Way],
        body: BodyModel,
        segment: Segment,
        looks: PerceptualDistance,
        faces: "FaceDistances",
        landmarks: LandmarkExtractor,
        num_pictures: int,
    ) -> None:
        """Args:
        num_pictures: whole pictures of a clip that are made; faces are embedded and hands looked for in each.
        """
        self._ways, self._body, self._segment, self._num_pictures = ways, body, segment, num_pictures
        self._looks, self._faces, self._landmarks = looks, faces, landmarks

    def judge(self, window: Window) -> Judged:
        """Return what is measured of a clip."""
        spread, following = apart(window), in_a_row(window)
        if spread is None or following is None:
            return Judged(scores=(), heads={}, left_out="too short, or its body is not fitted")
        size, kinds = self._ways[0].model.about.window_px, ("head", *HAND_WINDOWS)
        pairs = make_pairs(spread, dict.fromkeys(kinds, size), self._body, segment=self._segment)  # type: ignore[arg-type]
        row = make_pairs(following, {"head": size}, self._body, segment=self._segment)
        if not all("head" in made and made["head"]["fitted"].all() for made in (pairs, row)):
            return Judged(scores=(), heads={}, left_out="its head is not fitted, or not in the picture")
        made = window_frames(pairs["head"], self._ways)
        found = [(HEAD, *score) for score in self._of_window(pairs["head"], made)]
        found += [(HEAD, *score) for score in self._of_row(row["head"])]
        found += [(HANDS, *score) for score in self._of_hands(pairs)]
        if self._num_pictures:
            found += [(PICTURE, *score) for score in self._of_pictures(window)]
        person = person_of(window)
        scores = tuple(
            Score(key=window.key, person=person, view=view, way=way, name=name, value=value)
            for view, way, name, value in found
        )
        return Judged(scores=scores, heads={way: frames[0] for way, frames in made.items()})

    def _of_hands(self, pairs: Mapping[WindowKind, Examples]) -> Iterator[tuple[str, str, float]]:
        """Yield the scores of the windows of hands, means of both where both are seen."""
        found: dict[tuple[str, str], list[float]] = {}
        for kind in HAND_WINDOWS:
            if kind in pairs and pairs[kind]["fitted"].any():
                shown = fitted_alone(pairs[kind])
                made = window_frames(shown, self._ways)
                for way, name, value in self._of_window(shown, made, _HANDS_REGIONS):
                    found.setdefault((way, name), []).append(value)
        for (way, name), values in found.items():
            yield way, name, sum(values) / len(values)

    def _of_window(
        self, pairs: Examples, made: Mapping[str, Image], wanted: Sequence[str] | None = None
    ) -> Iterator[tuple[str, str, float]]:
        masks = regions(pairs["part"], pairs["validity"], pairs["part"].shape[-1] / 128)
        masks = {name: mask for name, mask in masks.items() if wanted is None or name in wanted}
        drawn = {way: frames for way, frames in made.items() if way != REAL}
        looks = looks_alike(drawn, pairs["target"], masks, self._looks)
        for way, frames in drawn.items():
            values = likeness(frames, pairs["target"], masks) | looks[way]
            sharp = sharpness(frames, pairs["target"], masks["mouth"]) if "mouth" in masks else None
            yield from _named(way, values | ({} if sharp is None else {"mouth sharpness": sharp}))

    def _of_row(self, pairs: Examples) -> Iterator[tuple[str, str, float]]:
        for way, frames in window_frames(pairs, self._ways).items():
            yield from _named(way, over_time(frames, pairs["target"], pairs["validity"]))

    def _of_pictures(self, window: Window) -> Iterator[tuple[str, str, float]]:
        few = apart(window, self._num_pictures)
        assert few is not None
        made = whole_pictures(few, self._ways[0], self._body, self._segment)
        masks = regions(made.part, made.validity, made.unit_px)
        for way, frames in made.frames.items():
            if way != REAL:
                yield from _named(way, likeness(frames, made.frames[REAL], masks))
        for way, distance in self._faces.to_photo(few, made).items():
            yield way, "identity distance", distance
        for way, share in hands_found(few, made, self._landmarks).items():
            yield way, "hands found", share


def _named(way: str, values: Values) -> Iterator[tuple[str, str, float]]:
    for name, value in values.items():
        yield way, name, value


def fitted_alone(pairs: Examples) -> Examples:
    """Return the frames of pairs whose fit is valid."""
    kept = pairs["fitted"] > 0
    return {name: values if name == "reference" else values[kept] for name, values in pairs.items()}


class FaceDistances:
    """How far faces of made pictures are from the photo's, by dlib's descriptors (King 2017).

    Where the face lies is taken from the real frame, whose pose the made one has.
    """

    def __init__(self, embed: Callable[[Sequence[FaceView]], FloatArray]) -> None:
        self._embed = embed

    def to_photo(self, window: Window, made: Pictures) -> dict[str, float]:
        """Return mean distances by way, that of the real frames among them; {} where no face was found."""
        assert window.reference is not None and window.reference.picture is not None
        points, at = known_faces(window.arrays), known_faces(window.reference.arrays)
        known = np.flatnonzero(np.isfinite(points[:, 0, 0]))
        if not len(known) or not np.isfinite(at).all():
            return {}
        photo = self.of([window.reference.picture], at)
        found = {PHOTO: 0.0}
        for way in (REAL, WARP, MODEL):
            faces = self.of([made.frames[way][i] for i in known], points[known])
            found[way] = float(np.linalg.norm(faces - photo, axis=1).mean())
        return found

    def of(self, pictures: Sequence[Image], points: npt.NDArray[np.float32]) -> FloatArray:
        """Return descriptors (n, d) of faces whose landmarks (n, 478, 3) are known."""
        return self._embed([FaceView(picture, at) for picture, at in zip(pictures, points, strict=True)])


def known_faces(arrays: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    """Return a sample's face landmarks (n, 478, 3) in px; NaN where there is no face, or one of a few px."""
    points = (arrays["face:landmarks"] / np.float32(LANDMARK_UNITS_PER_PX)).astype(np.float32)
    right, left = OUTER_EYES
    wide = np.linalg.norm(points[:, left, :2] - points[:, right, :2], axis=1) >= _LEAST_EYES_PX
    points[~(arrays["valid:face"] & wide)] = np.nan
    return points


def hands_found(window: Window, made: Pictures, landmarks: LandmarkExtractor) -> dict[str, float]:
    """Return the share of the real frames' hands that the landmark model finds in made frames, by way.

    Every picture is looked at alone, the real ones too; {} of frames that show no hand.
    """
    sides = {side: window.arrays[f"valid:{side}"] for side in ("left_hand", "right_hand")}
    total = sum(int(shown.sum()) for shown in sides.values())
    if not total:
        return {}
    found = dict.fromkeys((REAL, WARP, MODEL), 0)
    for way in found:
        for index in np.flatnonzero(np.logical_or(*sides.values())):
            landmarks.reset()
            x0, y0, x1, y1 = (float(v) for v in window.arrays["box:face"][index])
            region = region_around((x0, y0, x1, y1), LandmarkConfig())
            seen = landmarks.extract(made.frames[way][index], region)
            found[way] += sum(
                getattr(seen, side) is not None for side, shown in sides.items() if shown[index]
            )
    return {way: number / total for way, number in found.items()}
