"""Where a training sample comes from: its bytes in a shard, the span of the source, what made it."""

from dataclasses import dataclass

from schemas.records.picture import Box
from schemas.records.video import Artefact


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """Where a sample lies, which span of which file it shows, and what each stage made on the way.

    Bytes [`sample_offset`, `sample_offset` + `sample_bytes`) of `shard` are the sample, headers and padding
    included; the shard's index says where each part lies in it. `video_id` is the first 20 digits of the
    SHA-256 of the source file. Frame i of the sample is the source's frame shown nearest to `start_seconds`
    + i / `fps`, cropped to `crop_xyxy` (pixels of the displayed picture) and scaled; the sound was taken
    `sound_shift_seconds` later than that, to be in time with the lips. `steps` name what the stages made;
    `recipes` in run.json say with which code, settings and weights. A clip that was divided at a jump cut
    names the one that it is a piece of (`piece_of_clip_id`), whose steps come first.
    """

    key: str
    shard: str
    split: str
    sample_offset: int
    sample_bytes: int
    source_name: str
    video_id: str
    shot_id: str
    track_id: str
    piece_of_clip_id: str | None
    start_seconds: float
    end_seconds: float
    fps: float
    num_frames: int
    crop_xyxy: Box
    sound_shift_seconds: float
    steps: tuple[Artefact, ...]
