"""Spans of an MP4: the same pictures as decoding all of it gives, at a fraction of its cost."""

import io
import random
from collections.abc import Iterable
from functools import cache

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from media import DecodeTally, MediaError, MediaLimits, VideoEncoder
from media.spans import decode_span
from tests import media_makers as make


@cache
def encoded(num_frames: int, fps: float = 25.0, preset: str = "veryfast") -> bytes:
    """Return an MP4 of numbered pictures."""
    pictures = (make.numbered_picture(number, 128, 96) for number in range(num_frames))
    return encode(pictures, fps, preset)


def encode(pictures: Iterable[npt.NDArray[np.uint8]], fps: float, preset: str) -> bytes:
    encoder = VideoEncoder(128, 96, fps, 20, preset)
    for picture in pictures:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
        encoder.write(frame.reformat(format="yuv420p"))
    return encoder.finish()


def all_pictures(data: bytes) -> npt.NDArray[np.uint8]:
    with av.open(io.BytesIO(data), "r") as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(frames).astype(np.uint8)


@pytest.mark.parametrize(
    ("fps", "preset"), [(25.0, "veryfast"), (29.97, "slow"), (24000 / 1001, "ultrafast"), (50.0, "medium")]
)
def test_every_span_is_what_decoding_all_gives(fps: float, preset: str) -> None:
    data = encoded(60, fps, preset)
    whole = all_pictures(data)
    assert [make.read_frame_number(picture) for picture in whole] == list(range(60))
    for start in range(60):
        number = min(1 + start % 7, 60 - start)
        assert np.array_equal(decode_span(data, start, number, fps), whole[start : start + number])
    assert np.array_equal(decode_span(data, 0, 60, fps), whole)


def test_two_seconds_of_ten_cost_at_most_a_quarter() -> None:
    coarse = np.random.default_rng(0).uniform(60, 200, (12, 50, 3)).astype(np.float32)
    scene = cv2.resize(coarse, (400, 96), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
    data = encode((scene[:, number : number + 128] for number in range(250)), 25.0, "veryfast")
    decoded = []
    for start in range(201):
        tally = DecodeTally()
        decode_span(data, start, 50, 25.0, tally=tally)
        decoded.append(tally.frames)
    assert max(decoded) <= 250 / 4


def test_pictures_that_are_not_there_are_asked_for_in_vain() -> None:
    data = encoded(80)
    for start, number, why in (
        (70, 11, "before picture 80"),
        (200, 1, "MP4"),
        (-1, 2, "none"),
        (0, 0, "none"),
    ):
        with pytest.raises(MediaError, match=why):
            decode_span(data, start, number, 25.0)
    with pytest.raises(MediaError, match="take 368640 bytes"):
        decode_span(data, 0, 10, 25.0, max_bytes=100_000)
    with pytest.raises(MediaError):
        decode_span(data, 0, 10, 25.0, MediaLimits(max_pixels=1000))
    with pytest.raises(MediaError, match=r"missing|before picture"):
        decode_span(data, 0, 10, 50.0)  # of another rate


def test_damaged_bytes_give_the_wanted_pictures_or_an_error() -> None:
    data, source = encoded(80), random.Random(3)
    for _ in range(80):
        damaged = bytearray(data)
        for _ in range(source.choice((1, 5, 200))):
            damaged[source.randrange(len(damaged))] = source.randrange(256)
        cut = bytes(damaged[: source.choice((len(data), source.randrange(len(data))))])
        try:
            assert decode_span(cut, 40, 20, 25.0, max_bytes=2**24).shape[0] == 20
        except MediaError:
            continue
