"""What a video is and what its survey found: shots, and faces followed through them."""

from dataclasses import dataclass

from schemas.quick import quick
from schemas.records.source import Source


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Artefact:
    """The name of what a stage made: the stage, and a hash of all that it was made from."""

    stage: str
    artefact_id: str


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class ClockPart:
    """A stretch of a file in which its clock runs on; in the next one it starts again or jumps.

    Pictures from byte `picture_byte` and sound from `sound_byte` on belong to it (None where it has none),
    as far as their times lie within [`low_seconds`, `high_seconds`] of the file's clock; other times are
    damaged. `shift_seconds` added to the file's time gives the video's.
    """

    picture_byte: int | None
    sound_byte: int | None
    low_seconds: float
    high_seconds: float
    shift_seconds: float


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """One of several recordings that a file holds one after the other, each with headers of its own.

    It fills bytes [`first_byte`, `end_byte`) of the file and seconds [`start_seconds`, `end_seconds`) of the
    video. `goes_on` says that its clock goes on where the one before it ended. Streams and clock are its own,
    as in `Reading`; without streams it is left out: it cannot be read, or has pictures of another shape.
    """

    first_byte: int
    end_byte: int
    start_seconds: float
    end_seconds: float
    goes_on: bool
    picture_stream: int | None
    sound_stream: int | None
    clock: tuple[ClockPart, ...]


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How a file is read: which of its streams, how its clock runs, and how far it reaches.

    Streams are numbered as in the file; of how many of their kind each was chosen is said beside it.
    `clock` is empty where the file's clock runs through without damage, `recordings` where there is one.
    `end_seconds` is when the last that is seen or heard ends; the header may promise more.
    """

    picture_stream: int | None = None
    sound_stream: int | None = None
    num_picture_streams: int = 0
    num_sound_streams: int = 0
    end_seconds: float | None = None
    clock: tuple[ClockPart, ...] = ()
    recordings: tuple[Recording, ...] = ()


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Video:
    """A readable video file: content hash, streams and geometry as probed from its headers.

    `duration_seconds` is the span of its pictures and sound, whichever end later, from time zero, or what the
    header promises where that is more. `reading` says how it was read; `artefacts` name what the stages of
    videos made of it. `reservations` are what the file itself says against text and data mining.
    """

    video_id: str
    source: Source
    size_bytes: int
    container: str
    duration_seconds: float
    fps: float
    num_frames_declared: int | None
    variable_frame_rate: bool
    width: int
    height: int
    rotation_degrees: int
    pixel_aspect: float
    video_codec: str
    audio_codec: str | None
    audio_sampling_rate_hz: int | None
    audio_channels: int | None
    reading: Reading = Reading()
    reservations: tuple[str, ...] = ()
    artefacts: tuple[Artefact, ...] = ()


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """A span between two cuts. Gradual transitions at its ends lie outside the clean span.

    `cut_score` is the network's chance of the cut it starts with, None where it was not asked.
    """

    shot_id: str
    video_id: str
    start_frame: int
    end_frame: int
    start_seconds: float
    end_seconds: float
    clean_start_seconds: float
    clean_end_seconds: float
    cut_score: float | None


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class FaceTrack:
    """One face followed through one shot, sampled at the detector's rate.

    `times_seconds` (n), `boxes_xyxy` (4 n, row by row) and `scores` (n) belong together.
    """

    track_id: str
    shot_id: str
    video_id: str
    start_seconds: float
    end_seconds: float
    median_height_px: float
    mean_score: float
    times_seconds: tuple[float, ...]
    boxes_xyxy: tuple[float, ...]
    scores: tuple[float, ...]
