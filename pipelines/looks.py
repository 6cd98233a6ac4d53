"""What is seen of people on the frames of a video, and which stretches of it show one of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backends import select
from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import FaceEmbedder
from body.face_mesh import CHIN, FOREHEAD, MIDDLE_LIPS
from pipelines.footage import Footage, Image
from pipelines.photo import MIN_FACE_PX
from pipelines.stretches import Stretch
from transforms.cluster_identities import IdentityConfig
from transforms.collect_faces import CollectConfig, FaceCollector, view_quality
from transforms.embed_faces import agreeing
from transforms.extract_landmarks import LandmarkCollector, LandmarkConfig

Watch = Callable[[Iterator[Image], int], Iterator[Image]]
_GOOD_EVERY = 4  # frames between looks for the best view of the face


@dataclass(slots=True, eq=False)
class Look:
    """What was found on the frames of a stretch, filled frame by frame."""

    stretch: Stretch
    views: FaceCollector
    landmarks: LandmarkCollector
    best: tuple[float, int, Image | None] = (0.0, 0, None)
    widest: tuple[float, int, Image | None] = (0.0, 0, None)

    def add(self, picture: Image, row: int, repeated: bool) -> None:
        """Look at a frame, and keep the picture if it is the best for something."""
        found = self.landmarks.update(picture, repeated)
        self.views.update(picture, found)
        if found.face is None:
            return
        upper, lower = found.face[list(MIDDLE_LIPS)]
        height = np.linalg.norm(found.face[CHIN] - found.face[FOREHEAD])
        apart = float(np.linalg.norm(lower - upper) / max(float(height), 1.0))
        if apart > self.widest[0]:
            self.widest = (apart, row, picture.copy())
        if self.best[2] is None or row % _GOOD_EVERY == 0:
            quality = view_quality(picture, found.face, MIN_FACE_PX)
            if self.best[2] is None or quality > self.best[0]:
                self.best = (quality, row, picture.copy())


def looks_at(footage: Footage, stretches: Sequence[Stretch], watch: Watch | None) -> list[Look]:
    """Return what is seen of the person, frame by frame; the video is decoded once more for it."""
    config = LandmarkConfig()
    extractor = select.landmark_extractor(config.min_score, config.model_complexity)
    looks = [
        Look(
            stretch=stretch,
            views=FaceCollector(CollectConfig(), stretch.length),
            landmarks=LandmarkCollector(extractor, stretch.boxes, config),
        )
        for stretch in stretches
    ]
    waiting, look = iter(looks), None
    last: Image | None = None
    frames = footage.frames() if watch is None else watch(footage.frames(), footage.num_frames)
    for index, picture in enumerate(frames):
        if look is None or index >= look.stretch.end:
            look = next(waiting, None)
            if look is None:
                return looks
            extractor.reset()
        row = index - look.stretch.start
        if row < 0:
            continue
        look.add(picture, row, repeated=picture is last)
        last = picture
    return looks


def of_one_person(looks: list[Look], embedder: FaceEmbedder) -> tuple[list[Look], list[str]]:
    """Return the looks at who is seen longest, and notes on the others.

    What cannot be compared, since no view of the face is good enough, counts as them.
    """
    if len(looks) == 1:
        return looks, []
    described = [_descriptor(look, embedder) for look in looks]
    known = [i for i, one in enumerate(described) if one is not None]
    if not known:
        return looks, []
    main = described[max(known, key=lambda i: looks[i].stretch.length)]
    kept: list[Look] = []
    notes: list[str] = []
    for look, one in zip(looks, described, strict=True):
        if one is None or main is None or _is_same(embedder, main, one):
            kept.append(look)
        else:
            span = f"frames {look.stretch.start} to {look.stretch.end - 1}"
            notes.append(f"{span} show somebody else; they stay as they are")
    return kept, notes


def _descriptor(look: Look, embedder: FaceEmbedder) -> FloatArray | None:
    views, weights = look.views.finish()
    if not views:
        return None
    found = embedder.embed(views)
    kept = agreeing(found)
    return embedder.pool(found[kept], weights[kept])


def _is_same(embedder: FaceEmbedder, one: FloatArray, other: FloatArray) -> bool:
    strangers = 0.5 * (embedder.stranger_distance(one) + embedder.stranger_distance(other))
    return float(np.linalg.norm(one - other)) < IdentityConfig().merge_distance * strangers
