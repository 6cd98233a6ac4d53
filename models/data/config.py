"""What a trainer wants of the shards, and what a hostile shard may cost."""

from dataclasses import dataclass, field
from typing import Literal

from schemas.bounds import Count, Share


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleLimits:
    """What one sample may take at most; one that takes more is a bad sample, and is not read.

    A clip of 60 s at 1080p and crf 18 has about 60 MB, its arrays less than 20, its words less than 1.
    """

    max_json_bytes: Count = 2**24
    max_mp4_bytes: Count = 2**29
    max_npz_bytes: Count = 2**28
    max_wav_bytes: Count = 2**26
    max_frames: Count = 20_000
    max_pixels: Count = 4096 * 2304
    max_window_bytes: Count = 4 * 2**30  # decoded pictures of one window

    def max_bytes(self, part: str) -> int:
        """Return the most that a part may have."""
        return getattr(self, f"max_{part}_bytes")


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowConfig:
    """What a window holds, and in which order windows come.

    num_frames: how long windows are; None for whole clips. `arrays` are names of the sample's npz
    (docs/samples.md). A reference is another frame of the clip, its arrays and, `with_frames`, its picture;
    `elsewhere` says how often a window also has one of another clip of the same person, where one camera took
    both.
    Clips shorter than a window are padded or left out. `weighted` draws clips as often as their
    `sampling_weight` says, else each is drawn once an epoch. A person of n clips has the weight of their mean
    times n ** (1 - person_power): with 0 every clip counts alike, with 1 every person. Draws come in the
    order of shuffled shards, mixed among `shuffle_samples` neighbours (100 shards of 100 clips), so that
    readers of large sets stay within some shards at a time; 0 keeps the order of the shards.
    `bucket_batches` sorts so many batches of draws by length before they are cut into batches, and shuffles
    the batches: less padding for whole clips. More than `max_bad_samples` different bad samples end the
    training.
    """

    num_frames: Count | None
    arrays: tuple[str, ...] = ()
    with_frames: bool = False
    with_sound: bool = True
    with_clip_sound: bool = False  # of the whole clip, for features that listen around
    with_reference: bool = False
    elsewhere: Share = 0.0
    mirror_probability: Share = 0.0
    body_model: str | None = None  # path of the SMPL-X file that the bodies were fitted with; None: ours
    short_clips: Literal["pad", "leave_out"] = "pad"
    weighted: bool = True
    person_power: Share = 0.0
    shuffle_samples: int = 10_000
    bucket_batches: int = 0
    max_bad_samples: int = 20
    limits: SampleLimits = field(default_factory=SampleLimits)
