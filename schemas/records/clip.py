"""The clip, with all that the stages made known of it."""

from dataclasses import dataclass
from typing import Literal

from schemas.published import private
from schemas.quick import quick
from schemas.records.person import AgeBound, Attribute, Identity
from schemas.records.picture import BodyFit, Box, FaceJump, LandmarkCoverage, VisualQuality
from schemas.records.sound import (
    AudioQuality,
    Sync,
    Transcript,
    Voice,
)
from schemas.records.source import Source
from schemas.records.video import Artefact


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class PieceOf:
    """The clip of the survey that was divided at a jump cut after it had been looked at.

    `clip_id` and `start_seconds` are its own; a piece's sound is a part of that clip's. `artefacts` name what
    the stages had made of it. None and empty for a clip that is as the survey proposed it.
    """

    clip_id: str | None = None
    start_seconds: float | None = None
    artefacts: tuple[Artefact, ...] = ()


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A span of one shot in which one face is visible, cut to constant frame rate.

    `crop_xyxy` is in pixels of the displayed source picture, `width` and `height` are those
    of the written video. `other_face_ratio` is the height of the largest other face in the whole
    picture over this one's, `second_face_ratio` that of the largest in the crop. `artefacts` name
    what the stages made of the clip, its parts included, in order. `piece_of` names the clip that it was a
    part of; `face_jumps` are the moments at which the face moves much. `attributes` has one a name, declared
    or told by this clip alone; what was estimated of an attribute that is declared is `overruled` and not
    published; `person_attributes` are what all clips of the person tell together. `sampling_weight`
    is how often to draw the clip, relative to the average accepted clip of its split.
    """

    clip_id: str
    video_id: str
    shot_id: str
    track_id: str
    source: Source
    start_seconds: float
    end_seconds: float
    fps: float
    num_frames: int
    crop_xyxy: Box
    width: int
    height: int
    face_height_px: float
    other_face_ratio: float
    second_face_ratio: float
    piece_of: PieceOf = PieceOf()
    artefacts: tuple[Artefact, ...] = ()
    audio: AudioQuality | None = None
    landmarks: LandmarkCoverage | None = None
    face_jumps: tuple[FaceJump, ...] = private(instead=(), default=())
    quality: VisualQuality | None = None
    transcript: Transcript | None = None
    voice: Voice | None = None
    sync: Sync | None = None
    body_fit: BodyFit | None = None
    identity: Identity | None = None
    attributes: tuple[Attribute, ...] | None = None
    overruled: tuple[Attribute, ...] = private(instead=(), default=())
    person_attributes: tuple[Attribute, ...] | None = None
    age_bound: AgeBound | None = None
    sampling_weight: float | None = None
    split: str | None = None
    status: Literal["candidate", "accepted", "rejected", "failed"] = "candidate"

    @property
    def duration_seconds(self) -> float:
        """Length of the written clip."""
        return self.num_frames / self.fps
