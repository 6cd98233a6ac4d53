"""Sound muxed to a video starts with its pictures and keeps them as they are."""

from pathlib import Path

import av
import numpy as np

from media import MediaLimits, decode_audio
from media.mux import OUTPUT_RATE_HZ, with_sound
from tests.media_makers import RATES, chirp_offset_seconds, chirps, constant_times, write_video


def _packets(path: Path) -> list[tuple[int | None, bytes]]:
    with av.open(str(path)) as container:
        return [(p.pts, bytes(p)) for p in container.demux(video=0) if p.size]


def test_sound_is_in_step_and_pictures_are_untouched(tmp_path: Path) -> None:
    silent = write_video(tmp_path / "silent.mp4", constant_times(RATES["29.97"], 60))
    samples = (chirps(2.0, [0.25, 1.5], 16000)[:, 0] * 32767).astype(np.int16)
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(with_sound(silent.read_bytes(), samples, 16000))
    heard = decode_audio(str(joined), MediaLimits(), 0.0, 2.0, 16000)
    for at in (0.25, 1.5):
        assert abs(chirp_offset_seconds(heard, 16000, at)) < 0.001
    assert [data for _, data in _packets(joined)] == [data for _, data in _packets(silent)]
    with av.open(str(joined)) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert (sound.rate, video.average_rate) == (OUTPUT_RATE_HZ, RATES["29.97"])


def test_the_index_stands_at_the_front_and_bytes_repeat(tmp_path: Path) -> None:
    silent = write_video(tmp_path / "silent.mp4", constant_times(RATES["25"], 10)).read_bytes()
    samples = np.zeros(6400, np.int16)
    data = with_sound(silent, samples, 16000)
    assert data.index(b"moov") < data.index(b"mdat")
    assert data == with_sound(silent, samples, 16000)
