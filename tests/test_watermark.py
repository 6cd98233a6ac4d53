"""The watermark on numbers and on a small video: found where it is, and nowhere else."""

import math
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from media import VideoEncoder, VideoFrame
from media.watermark import PUBLIC_KEY, WatermarkReader, WatermarkWriter, key_kind, read_key, read_watermark
from media.watermark.code import MAX_PAYLOAD, best_payload, codeword
from media.watermark.detect import MAX_FALSE_ALARM_LOG10, false_alarm_log10, scales_tried
from media.watermark.tile import draw_pattern, make_tile
from schemas.outcomes import BadInputError

Frame = npt.NDArray[np.uint8]
KEY = b"a key of the tests"


def scene(width: int, height: int, seed: int = 0) -> Frame:
    """Return a picture (H, W, 3) with detail of all sizes, as photos have."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float32)
    for side in (4, 16, 64, 256):
        coarse = rng.normal(0, 60.0 / math.sqrt(side), (side, side, 3)).astype(np.float32)
        total += np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.clip(total + 128, 0, 255).astype(np.uint8)


def look(frame: Frame, key: bytes = KEY):
    reader = WatermarkReader(key)
    reader.add(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.uint8))
    return reader.find()


def marked(frame: Frame, payload: int, key: bytes = KEY) -> Frame:
    return WatermarkWriter(frame.shape[1], frame.shape[0], payload, key).mark(frame)


def test_words_of_the_code_differ_in_112_places_at_least() -> None:
    """The code is linear, so a word's distance from others is the weight of some word."""
    weights = [np.count_nonzero(codeword(payload) < 0) for payload in range(1, MAX_PAYLOAD + 1, 7)]
    assert min(weights) == 112 and max(weights) == 144
    assert np.array_equal(codeword(0x1234) * codeword(0x0F0F), codeword(0x1234 ^ 0x0F0F))


@pytest.mark.parametrize("payload", [0, 1, 0x00FF, 0xFF00, 0xA5C3, MAX_PAYLOAD])
def test_a_payload_is_read_through_noise(payload: int) -> None:
    noise = np.random.default_rng(payload).normal(0, 2.0, 256)
    assert best_payload(codeword(payload) + noise)[0] == payload


@pytest.mark.parametrize("payload", [-1, 2**16])
def test_a_payload_has_16_bits(payload: int) -> None:
    with pytest.raises(ValueError, match="from 0 to 65535"):
        codeword(payload)


def test_a_tile_follows_from_its_key_alone() -> None:
    one, same, other = make_tile(KEY), make_tile(KEY), make_tile(KEY + b"!")
    assert np.array_equal(one.signs, same.signs) and np.array_equal(one.known, same.known)
    assert abs(float(one.signs @ other.signs)) < 5 * 64
    assert sorted([*one.known, *one.data.ravel()]) == list(range(4096))
    assert one.compare(one.chips(77)) == (77, pytest.approx(64.0))


@pytest.mark.parametrize(("width", "height"), [(512, 512), (910, 512), (301, 777)])
def test_the_pattern_has_a_mean_square_of_one(width: int, height: int) -> None:
    pattern = draw_pattern(make_tile(KEY).chips(5), width, height)
    assert pattern.shape == (height, width)
    assert float(np.mean(pattern**2)) == pytest.approx(1.0, abs=1e-3) and abs(pattern.mean()) < 0.05


@pytest.mark.parametrize("ground", [0, 128, 255, None])
def test_a_marked_frame_keeps_42_db(ground: int | None) -> None:
    plain = scene(512, 512) if ground is None else np.full((512, 512, 3), ground, np.uint8)
    error = np.mean(np.square(marked(plain, 9).astype(float) - plain))
    assert 20 * math.log10(255) - 10 * math.log10(max(error, 1e-9)) >= 42.0


def test_the_mark_stands_still_and_changes_no_colour() -> None:
    writer = WatermarkWriter(512, 512, 9, KEY)
    plain = np.clip(scene(512, 512), 20, 235)
    first, second = writer.mark(plain), writer.mark(plain)
    assert np.array_equal(first, second)
    change = first.astype(int) - plain
    assert np.array_equal(change[..., 0], change[..., 1]) and np.array_equal(change[..., 0], change[..., 2])


@pytest.mark.parametrize(
    ("name", "kept", "size", "mirrored"),
    [("as it is", 1.0, 512, False), ("half", 1.0, 256, False), ("crop", 0.9, 460, False),
     ("crop of a third, half, mirrored", 0.67, 171, True), ("double", 1.0, 1024, False)],
)  # fmt: skip
def test_the_mark_is_found_in_a_changed_copy(name: str, kept: float, size: int, mirrored: bool) -> None:
    frame = marked(scene(512, 512), 0xBEEF)
    side, left, top = round(512 * kept), round(40 * (1 - kept)), round(200 * (1 - kept))
    copy = cv2.resize(frame[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)
    copy = np.ascontiguousarray(copy[:, ::-1] if mirrored else copy, dtype=np.uint8)
    found = look(copy)
    assert (found.answer, found.payload, found.mirrored) == ("found", 0xBEEF, mirrored), name
    assert found.scale == pytest.approx(kept, rel=0.01)
    assert found.false_alarm_log10 is not None and found.false_alarm_log10 <= MAX_FALSE_ALARM_LOG10


def test_nothing_is_found_without_the_mark_or_the_key() -> None:
    plain = scene(512, 512, seed=3)
    for found in (look(plain), look(marked(plain, 7), PUBLIC_KEY), look(np.zeros_like(plain))):
        assert (found.answer, found.payload) == ("not found", None)
        assert found.searched is not None and found.searched.num_tried > 1e11


def test_the_bound_counts_all_that_was_tried() -> None:
    assert false_alarm_log10(9.2, 4e11) < MAX_FALSE_ALARM_LOG10 < false_alarm_log10(8.9, 4e11)
    assert false_alarm_log10(3.0, 4e11) == 0.0 == false_alarm_log10(-9.0, 4e11)
    ratios = np.diff(np.log(scales_tried()))
    assert ratios.max() * 256 / 2 < 0.5  # px of two to a chip, at the edge, were the middle in place


def test_frames_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        WatermarkWriter(512, 512, 1, KEY).mark(scene(256, 256))
    with pytest.raises(ValueError, match="shorter side"):
        WatermarkWriter(512, 100, 1, KEY)
    with pytest.raises(ValueError, match="no frame"):
        WatermarkReader(KEY).find()


def encoded(path: Path, frames: list[Frame], crf: int) -> str:
    height, width = frames[0].shape[:2]
    encoder = VideoEncoder(width, height, 25.0, crf, "veryfast")
    for frame in frames:
        encoder.write(VideoFrame.from_ndarray(frame, "rgb24").reformat(format="yuv420p"))
    path.write_bytes(encoder.finish())
    return str(path)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    """Three seconds, marked, cropped, at half the size, crf 28; the same unmarked; and one second of it."""
    folder = tmp_path_factory.mktemp("watermark")
    writer = WatermarkWriter(512, 512, 4711, KEY)
    plain, marks = [], []
    for index in range(75):
        moving = np.roll(scene(512, 512), index // 2, axis=1)
        moving[:, :200] = scene(512, 512)[:, :200]
        for frames, frame in ((plain, moving), (marks, writer.mark(moving))):
            small = cv2.resize(frame[20:480, 30:490], (230, 230), interpolation=cv2.INTER_AREA)
            frames.append(np.asarray(small, np.uint8))
    return (
        encoded(folder / "marked.mp4", marks, 28),
        encoded(folder / "plain.mp4", plain, 28),
        encoded(folder / "short.mp4", marks[:25], 28),
    )


def test_a_video_is_read(copies: tuple[str, str, str]) -> None:
    marked_video, plain_video, short_video = copies
    found = read_watermark(marked_video, KEY)
    assert (found.answer, found.payload) == ("found", 4711)
    assert read_watermark(plain_video, KEY).answer == "not found"
    assert read_watermark(short_video, KEY).answer == "too short to say"


def test_a_key_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MENTOR_WATERMARK_KEY", raising=False)
    assert read_key(None) == PUBLIC_KEY and key_kind(PUBLIC_KEY) == "public"
    own = tmp_path / "key"
    own.write_bytes(b"0123456789abcdef0123\n")
    assert read_key(str(own)) == b"0123456789abcdef0123" and key_kind(read_key(str(own))) == "own"
    monkeypatch.setenv("MENTOR_WATERMARK_KEY", str(own))
    assert read_key(None) == b"0123456789abcdef0123"
    own.write_bytes(b"short")
    with pytest.raises(BadInputError, match="16 to 4096 bytes"):
        read_key(None)
    with pytest.raises(BadInputError, match="cannot be read"):
        read_key(str(tmp_path / "none"))
