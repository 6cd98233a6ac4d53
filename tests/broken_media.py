"""Files that are broken, hostile or not what their names say, each made by one function."""

import struct
from pathlib import Path

import av
import numpy as np

from tests.clock_makers import recording
from tests.media_makers import (
    RATES,
    add_sound,
    chirps,
    constant_times,
    numbered_picture,
    remux,
    talking_like_clip,
    write_video,
)


def zero_bytes(path: Path) -> Path:
    """Write an empty file."""
    path.write_bytes(b"")
    return path


def text_as_video(path: Path) -> Path:
    """Write a text with the name of a video."""
    path.write_text("This is a note, not a video.\n" * 50)
    return path


def truncated_without_index(path: Path) -> Path:
    """Write an MP4 whose index, at its end, is cut off."""
    whole = talking_like_clip(path).read_bytes()
    path.write_bytes(whole[: whole.index(b"moov") - 4 - 100])
    return path


def truncated_with_index(path: Path, keep: float = 0.5) -> Path:
    """Write an MP4 with its index in front and part of its media data missing."""
    source = talking_like_clip(path.with_suffix(".whole.mp4"), seconds=8)
    whole = remux(source, path, movflags="+faststart").read_bytes()
    source.unlink()
    data = whole.index(b"mdat")
    path.write_bytes(whole[: data + int((len(whole) - data) * keep)])
    return path


def cut_asf(path: Path) -> Path:
    """Write the first half of an ASF of eight seconds."""
    source = talking_like_clip(path.with_suffix(".mp4"), seconds=8)
    whole = remux(source, path, **{"c:v": "mpeg4", "c:a": "libmp3lame"}).read_bytes()
    source.unlink()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def long_header(path: Path, hours: float = 3.0) -> Path:
    """Write a file of four seconds whose header declares hours: Matroska, or else MP4.

    In an MP4 the sample tables, which say four seconds, go before the headers.
    """
    if path.suffix == ".mkv":
        source = talking_like_clip(path.with_suffix(".mp4"))
        whole = bytearray(remux(source, path).read_bytes())
        source.unlink()
        at = whole.index(b"\x44\x89\x88")  # Duration, 8 bytes: milliseconds as a double
        struct.pack_into(">d", whole, at + 3, hours * 3.6e6)
    else:
        whole = bytearray(talking_like_clip(path).read_bytes())
        (movie_clock,) = struct.unpack_from(">I", whole, whole.index(b"mvhd") + 16)
        for box, clock_at, duration_at in (
            (b"mvhd", 16, 20),
            (b"mdhd", 16, 20),
            (b"tkhd", None, 24),
            (b"elst", None, 12),
        ):
            at = whole.find(box)
            while at >= 0:
                clock = movie_clock
                if clock_at is not None:
                    (clock,) = struct.unpack_from(">I", whole, at + clock_at)
                struct.pack_into(">I", whole, at + duration_at, int(hours * 3600 * clock))
                at = whole.find(box, at + 4)
    path.write_bytes(whole)
    return path


def absurd_dimensions(path: Path, width: int = 12000, height: int = 8000) -> Path:
    """Write a file of a few kilobytes whose H.264 parameter set declares a huge picture."""
    small = write_video(
        path.with_suffix(".small.h264"), constant_times(RATES["25"], 5), options={"x264-params": "aud=0"}
    )
    units = small.read_bytes().split(b"\x00\x00\x01")
    patched = [_parameter_set(width, height) if unit[:1] == b"\x67" else unit for unit in units]
    huge = path.with_suffix(".huge.h264")
    huge.write_bytes(b"\x00\x00\x01".join(patched))
    small.unlink()
    remux(huge, path, **{"bsf:v": "setts=pts=N*3600:dts=N*3600:time_base=1/90000"})
    huge.unlink()
    return path


def _parameter_set(width: int, height: int) -> bytes:
    """Return an H.264 sequence parameter set (ITU-T H.264, 7.3.2.1.1), baseline, 16 px blocks."""

    def golomb(value: int) -> str:
        bits = f"{value + 1:b}"
        return "0" * (len(bits) - 1) + bits

    fields = [0, 0, 0, 0, 4]  # id, frame numbers, order type and counter bits, reference frames
    bits = "".join(golomb(field) for field in fields) + "0"
    bits += golomb(width // 16 - 1) + golomb(height // 16 - 1)
    bits += "1" + "1" + "0" + "0" + "1"  # frames only, 8x8 inference, no crop, no VUI, stop bit
    bits += "0" * (-len(bits) % 8)
    payload = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return b"\x67\x42\x00\x33" + payload + b"\x00"


def patched_dimensions(path: Path, side: int = 60000) -> Path:
    """Write an ordinary MP4 whose sample description claims a huge picture."""
    whole = bytearray(talking_like_clip(path).read_bytes())
    entry = whole.index(b"avc1", whole.index(b"stsd"))
    struct.pack_into(">HH", whole, entry + 28, side, side)
    path.write_bytes(whole)
    return path


def flipped_bytes(path: Path, num_flips: int = 60, seed: int = 3) -> Path:
    """Write an MP4 with flipped bytes throughout the media data."""
    whole = bytearray(talking_like_clip(path, seconds=6).read_bytes())
    first, last = whole.index(b"mdat") + 2000, whole.index(b"moov") - 8
    for at in np.random.default_rng(seed).integers(first, last, num_flips):
        whole[at] ^= 0xFF
    path.write_bytes(whole)
    return path


def zero_tail(path: Path, keep: float = 0.75) -> Path:
    """Write an MP4 with its index in front whose last part is zeros, as of a download that stopped."""
    source = recording(path.with_suffix(".whole.mp4"), 3.0, (0.48, 1.48, 2.48), 0, "aac")
    whole = remux(source, path, movflags="+faststart").read_bytes()
    source.unlink()
    kept = int(len(whole) * keep)
    path.write_bytes(whole[:kept] + bytes(len(whole) - kept))
    return path


def noisy_packet(path: Path, number: int = 5, gop: int = 250) -> Path:
    """Write an MP4 of 2.28 s with noise over one packet: it damages all up to the next keyframe."""
    silent = write_video(path.with_suffix(".silent.mp4"), constant_times(RATES["25"], 57), gop=gop)
    source = add_sound(silent, chirps(2.28, [0.48], 48000), 48000, path)
    with av.open(str(source)) as container:
        packet = next(p for i, p in enumerate(container.demux(video=0)) if i == number)
        at, size = packet.pos or 0, min(packet.size, 400)
    whole = bytearray(source.read_bytes())
    whole[at + 8 : at + size] = np.random.default_rng(4).bytes(size - 8)
    path.write_bytes(whole)
    silent.unlink()
    return path


def late_start(path: Path, frames: int = 256) -> Path:
    """Write an AVI of 2.28 s whose header says that the pictures start that many frames late."""
    silent = write_video(
        path.with_suffix(".silent.avi"), constant_times(RATES["25"], 57), codec="mpeg4", options={"bf": "0"}
    )
    source = add_sound(silent, chirps(2.28, [0.48], 44100, 2), 44100, path, codec="libmp3lame")
    whole = bytearray(source.read_bytes())
    struct.pack_into("<I", whole, whole.index(b"strh") + 8 + 28, frames)
    path.write_bytes(whole)
    silent.unlink()
    return path


def inside_a_group(path: Path, packets: int = 30) -> Path:
    """Write a transport stream that starts after a keyframe, as a recording of a broadcast does."""
    source = recording(path.with_suffix(".whole.ts"), 4.0, (0.48, 1.48, 2.48), 0, "aac")
    whole = source.read_bytes()
    source.unlink()
    # The tables of the start are repeated throughout; cut off a part of the first second.
    path.write_bytes(whole[188 * packets :])
    return path


def declared_rate(path: Path, rate_hz: float = 3e8) -> Path:
    """Write a Matroska file whose sound declares a sampling rate of 300 MHz."""
    source = talking_like_clip(path.with_suffix(".mp4"))
    whole = bytearray(remux(source, path, **{"c:a": "pcm_s16le"}).read_bytes())
    source.unlink()
    at = whole.index(b"\xb5\x88")  # SamplingFrequency, 8 bytes: a double
    struct.pack_into(">d", whole, at + 2, rate_hz)
    path.write_bytes(whole)
    return path


def twice_at_a_time(path: Path, number: int) -> Path:
    """Write a Matroska file of 40 pictures of which one has the time of the one before it."""
    source = write_video(
        path.with_suffix(".whole.mkv"),
        constant_times(RATES["25"], 40),
        codec="mjpeg",
        pixel_format="yuvj420p",
    )
    with av.open(str(source)) as container, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(container.streams.video[0])
        for i, packet in enumerate(p for p in container.demux(video=0) if p.size):
            if i == number:
                packet.pts = packet.dts = (packet.pts or 0) - (packet.duration or 0)
            packet.stream = stream
            output.mux(packet)
    source.unlink()
    return path


def attached(path: Path, num_bytes: int) -> Path:
    """Write a Matroska file with a font of that many bytes."""
    font = path.with_suffix(".ttf")
    font.write_bytes(bytes(num_bytes))
    source = talking_like_clip(path.with_suffix(".mp4"), seconds=2.0)
    remux(source, path, attach=str(font), **{"metadata:s:t": "mimetype=application/x-truetype-font"})
    font.unlink()
    source.unlink()
    return path


def audio_only(path: Path) -> Path:
    """Write an MP4 with sound alone."""
    return add_sound(None, chirps(4, [1, 2], 48000, 1), 48000, path)


def no_audio(path: Path) -> Path:
    """Write an MP4 with pictures alone."""
    return write_video(path, constant_times(RATES["25"], 100))


def cover_art(path: Path) -> Path:
    """Write an MP3 with a cover picture, which decoders present as a video stream."""
    cover = path.with_suffix(".cover.png")
    with av.open(str(cover), "w", format="image2", options={"update": "1"}) as output:
        stream = output.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "rgb24"
        frame = av.VideoFrame.from_ndarray(numbered_picture(1, 320, 180), "rgb24")
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    options = {"disposition:v": "attached_pic"}
    add_sound(cover, chirps(4, [1, 2], 44100, 2), 44100, path, codec="libmp3lame", options=options)
    cover.unlink()
    return path


def hls_playlist(path: Path, target: Path) -> Path:
    """Write an HLS playlist, named as a video, that points to another local file."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\nfile://{target}\n#EXT-X-ENDLIST\n")
    return path


def concat_script(path: Path, target: Path) -> Path:
    """Write a concat script, named as a video, that points to another local file."""
    path.write_text(f"ffconcat version 1.0\nfile '{target}'\n")
    return path
