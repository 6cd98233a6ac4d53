"""What is written beside a video that was made: by what, of whom with which right, and how it is marked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.person_consent import ConsentBasis, Use
from schemas.version import VERSION


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """How a video was made: `models` are SHA-256 of weights by name, `settings` what else decides it."""

    use: Use
    seed: int
    models: Mapping[str, str]
    consent: ConsentBasis
    settings: Mapping[str, str | int | float | bool | None] = field(
        default_factory=dict[str, str | int | float | bool | None]
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoRecord:
    """The record of one video.

    `sha256` is that of the file. Signatures hold random numbers and times, so of the same input only
    `unsigned_sha256`, of the video before it was signed, is the same again. `certificate` "test" is one that
    nobody vouches for. `label` is None where it was left out.
    """

    making: Making
    sha256: str
    unsigned_sha256: str
    width: int
    height: int
    fps: float
    num_frames: int
    has_sound: bool
    label: str | None
    watermark_payload: int
    watermark_key: Literal["public", "own"]
    certificate: Literal["own", "test"]
    signer: str
    time_stamp_authority: str | None
    mentor: str = VERSION
