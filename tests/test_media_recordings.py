"""Several recordings in one file: each is read as a file of its own, and what cannot be read has its time."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import DecodeTally, MediaError, MediaLimits, PictureView, decode_audio, decode_video, probe_media
from media.recordings import MAX_RECORDINGS, find_recordings
from tests import clock_makers as clocks
from tests import media_makers as make
from transforms.find_gaps import restarts_of

LIMITS = MediaLimits()


def box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def numbers_of(path: Path, size: tuple[int, int] = (320, 180)) -> list[int]:
    info = probe_media(str(path), LIMITS)
    view = PictureView(*size, 0, "rgb24")
    pictures = decode_video(str(path), LIMITS, DecodeTally(), reading=info.reading)
    return [make.read_frame_number(view.pixels(p.frame)) for p in pictures]


def test_a_larger_second_recording_is_seen_and_one_of_another_shape_is_not(tmp_path: Path) -> None:
    wide = clocks.joined(tmp_path / "wide.mp4", second_size=(640, 360))
    assert numbers_of(wide) == [*range(75), *range(1000, 1060)]
    tall = clocks.joined(tmp_path / "tall.mp4", second_size=(180, 320))
    info = probe_media(str(tall), LIMITS)
    assert numbers_of(tall) == [*range(75)] and (info.width, info.height) == (320, 180)
    # Its time counts, and nobody is heard in it.
    assert info.duration_seconds == info.reading.end_seconds == pytest.approx(5.4, abs=0.05)
    samples = decode_audio(str(tall), LIMITS, 0.0, 5.4, reading=info.reading)
    assert np.abs(samples[:48000]).max() > 0.3 and not np.any(samples[48400:])


def test_a_recording_that_cannot_be_read_takes_up_the_time_of_its_bytes(tmp_path: Path) -> None:
    path = clocks.joined(tmp_path / "v.mp4")
    whole = probe_media(str(path), LIMITS)
    (first, second) = whole.reading.recordings
    kept = (first.end_byte + second.end_byte) // 2
    path.write_bytes(path.read_bytes()[:kept])  # without its index
    info = probe_media(str(path), LIMITS)
    assert numbers_of(path) == [*range(75)]
    by_bytes = 3.0 * (kept - first.end_byte) / first.end_byte
    assert info.duration_seconds == pytest.approx(3.0 + by_bytes) and by_bytes > 0.5
    # Of two that cannot be read the first one's fault is told.
    path.write_bytes(box(b"ftyp", b"isom" * 2) + box(b"free", bytes(9)) + box(b"ftyp", b"isom" * 2))
    with pytest.raises(MediaError, match="not a media file"):
        probe_media(str(path), LIMITS)


def test_headers_that_are_written_again_do_not_start_a_clock_that_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    clocks.recording(
        path, 4.0, (0.48, 1.48, 2.48, 3.48), 0, "aac", options={"movflags": "cmaf+frag_keyframe+empty_moov"}
    )
    data = path.read_bytes()
    pieces = data.split(b"moof")
    begins = [len(b"moof".join(pieces[: i + 1])) - 4 for i in range(len(pieces) - 1)]
    segments = [data[a:b] for a, b in zip(begins, [*begins[1:], len(data)], strict=True)]
    whole = probe_media(str(path), LIMITS)
    path.write_bytes(b"".join(data[: begins[0]] + segment for segment in segments))
    info = probe_media(str(path), LIMITS)
    assert len(info.reading.recordings) == len(segments) >= 4 and restarts_of(info.reading) == []
    assert info.duration_seconds == pytest.approx(whole.duration_seconds, abs=0.1)
    assert numbers_of(path) == list(range(100))
    # One that starts late lasts no longer for it.
    path.write_bytes(data[: begins[0]] + segments[2])
    late = probe_media(str(path), LIMITS)
    assert late.duration_seconds == late.reading.end_seconds == pytest.approx(1.1, abs=0.1)


MAGICS = (b"\0\0\0\x10ftyp", b"\x1a\x45\xdf\xa3\x80", b"FLV\x01", b"RIFF", b"OggS", b"\x06\x0e\x2b\x34")


@given(st.sampled_from(MAGICS), st.lists(st.one_of(st.sampled_from(MAGICS), st.binary(max_size=40))))
def test_recordings_fill_a_file_whatever_is_in_it(magic: bytes, rest: list[bytes]) -> None:
    data = magic + b"".join(rest)
    found = find_recordings("v", io.BytesIO(data), len(data))
    ends = [end for _, end in found]
    assert [begin for begin, _ in found] == [0, *ends[:-1]][: len(found)]
    assert not found or (len(found) > 1 and ends[-1] == len(data))


def test_there_are_not_absurdly_many(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(box(b"ftyp") * (MAX_RECORDINGS + 2))
    with pytest.raises(MediaError, match=f"more than {MAX_RECORDINGS} recordings"):
        probe_media(str(path), LIMITS)
