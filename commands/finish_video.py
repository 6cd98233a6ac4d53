"""The last steps of every video that is made: label, watermark, H.264 with sound, credentials, record."""

import dataclasses
import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from commands.safeguards import Safeguards
from drawing.label import VisibleLabel
from media import VideoEncoder, to_pcm
from media.credentials import Claim, sign_mp4
from media.encode import bt709_frame
from media.mux import with_sound
from media.watermark import WatermarkWriter, key_kind
from schemas.outcomes import BadInputError
from schemas.person_consent import Use
from schemas.sample import SAMPLING_RATE_HZ
from schemas.video_record import Making, VideoRecord
from transforms.storage import write_bytes

# Visually lossless for x264, as its authors say; the watermark loses nothing by it.
_CRF, _PRESET = 18, "veryfast"
_SAID: dict[Use, str] = {
    "generate": "A person was made to speak from one picture and a voice.",
    "dub": "The mouth of a person was made to follow another voice.",
    "edit": "Gaze, expression or head of a person were changed.",
}
Frame = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Coded:
    mp4: bytes
    width: int
    height: int
    num_frames: int


def finish_video(
    frames: Iterable[Frame],
    sound: npt.NDArray[np.float32] | None,
    fps: float,
    out: Path,
    making: Making,
    safeguards: Safeguards,
    sampling_rate_hz: int = SAMPLING_RATE_HZ,
) -> VideoRecord:
    """Write a marked and signed MP4, and its record (.json) beside it; both whole, or neither.

    Frames are taken one by one, so memory holds one and the coded video. A side of an odd number of px
    gets one more, as H.264 needs. Nothing is written before all frames are there.

    Args:
        frames: (H, W, 3) RGB, all of one size, `fps` a second.
        sound: mono (n,) in [-1, 1], from the first frame on; None for none.
        out: ends with .mp4.

    Raises:
        BadInputError: if `out` cannot be written, the pictures are too small for a watermark or a label, or
            the video cannot be signed.
        ValueError: if there are no frames, or they differ in size.
    """
    if out.suffix.lower() != ".mp4":
        raise BadInputError(f"{out}: the video is an .mp4 file")
    payload = _payload(making) if safeguards.payload is None else safeguards.payload
    coded = _coded(frames, fps, payload, safeguards)
    if sound is not None:
        coded = dataclasses.replace(coded, mp4=with_sound(coded.mp4, to_pcm(sound), sampling_rate_hz))
    source = "made" if making.use == "generate" else "composite"
    claim = Claim(title=out.name, source=source, payload=payload, description=_SAID[making.use])
    signed = sign_mp4(coded.mp4, claim, safeguards.signing_key, safeguards.time_stamp_authority)
    record = VideoRecord(
        making=making,
        sha256=hashlib.sha256(signed).hexdigest(),
        unsigned_sha256=hashlib.sha256(coded.mp4).hexdigest(),
        width=coded.width,
        height=coded.height,
        fps=fps,
        num_frames=coded.num_frames,
        has_sound=sound is not None,
        label=None if safeguards.label is None else safeguards.label.text,
        watermark_payload=payload,
        watermark_key=key_kind(safeguards.watermark_key),
        certificate=safeguards.signing_key.kind,
        signer=safeguards.signing_key.name,
        time_stamp_authority=safeguards.time_stamp_authority,
    )
    _write(out, signed, record)
    return record


def _coded(frames: Iterable[Frame], fps: float, payload: int, safeguards: Safeguards) -> _Coded:
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ValueError("a video needs a frame")
    height, width = (side + side % 2 for side in first.shape[:2])
    encoder = VideoEncoder(width, height, fps, _CRF, _PRESET)
    for marked in _marked(itertools.chain((first,), iterator), (width, height), payload, safeguards):
        encoder.write(bt709_frame(marked))
    return _Coded(mp4=encoder.finish(), width=width, height=height, num_frames=encoder.num_frames)


def _marked(
    frames: Iterable[Frame], size: tuple[int, int], payload: int, safeguards: Safeguards
) -> Iterator[Frame]:
    """Yield the frames with label and watermark, of an even size."""
    try:
        writer = WatermarkWriter(*size, payload, safeguards.watermark_key)
        label = None if safeguards.label is None else VisibleLabel(*size, safeguards.label)
    except ValueError as error:
        raise BadInputError(f"the pictures cannot be marked: {error}; give a larger one") from error
    for frame in frames:
        rest = ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0))
        even = np.pad(frame, rest, mode="edge") if any(map(any, rest)) else frame
        yield writer.mark(even if label is None else label.draw(even))


def _payload(making: Making) -> int:
    """Return 16 bits by which a video can be found among its maker's records."""
    return int.from_bytes(hashlib.sha256(_json(making)).digest()[:2], "big")


def _json(record: Making | VideoRecord) -> bytes:
    plain = dataclasses.asdict(record)
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False, default=str).encode() + b"\n"


def _write(out: Path, signed: bytes, record: VideoRecord) -> None:
    beside = out.with_suffix(".json")
    try:
        write_bytes(str(beside), _json(record))
        try:
            write_bytes(str(out), signed)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadInputError(f"{out}: cannot be written ({error.strerror or error})") from error
