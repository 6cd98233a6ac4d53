"""Records and tiny videos of talkers that the tests of the chain share.

The talkers are those of the demo (demo/media, which says whose they are and under which licences).
"""

import importlib.util
import shutil
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np
import numpy.typing as npt
import webdataset

from schemas.ids import span_id
from schemas.merges import IdentityMerge
from schemas.records.clip import Clip
from schemas.records.sound import AudioQuality, Transcript
from schemas.records.source import Source
from schemas.records.video import FaceTrack, Shot, Video
from schemas.sample import ARRAYS, BODY_ARRAYS
from tests import broken_media
from tests.media_makers import Samples, add_sound, run_ffmpeg, talking_like_clip

RATE = 16000
LATE_FRAMES = 4
H264 = {"c:v": "libx264", "preset": "veryfast", "crf": "18", "pix_fmt": "yuv420p"}


def make_source(name: str = "talk.mp4", **changes: Any) -> Source:
    """Return a source that no file stands behind."""
    fields: dict[str, Any] = {"uri": f"/videos/{name}", "name": name}
    return Source(**(fields | changes))


def make_video(**changes: Any) -> Video:
    """Return a plain 640x360 video of 60 s at 25 fps."""
    fields: dict[str, Any] = {
        "video_id": "v" * 20,
        "source": make_source(),
        "size_bytes": 1000,
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "duration_seconds": 60.0,
        "fps": 25.0,
        "num_frames_declared": 1500,
        "variable_frame_rate": False,
        "width": 640,
        "height": 360,
        "rotation_degrees": 0,
        "pixel_aspect": 1.0,
        "video_codec": "h264",
        "audio_codec": "aac",
        "audio_sampling_rate_hz": 48000,
        "audio_channels": 2,
    }
    return Video(**(fields | changes))


def make_shot(start: float = 0.0, end: float = 60.0, guard: float = 0.0, **changes: Any) -> Shot:
    """Return a shot of [start, end) at 25 fps; its clean span leaves `guard` out at both ends."""
    fields: dict[str, Any] = {
        "shot_id": span_id("v" * 20, "shot", round(start * 25), round(end * 25)),
        "video_id": "v" * 20,
        "start_frame": round(start * 25),
        "end_frame": round(end * 25),
        "start_seconds": start,
        "end_seconds": end,
        "clean_start_seconds": start + guard,
        "clean_end_seconds": end - guard,
        "cut_score": None,
    }
    return Shot(**(fields | changes))


def make_track(
    shot: Shot,
    start: float,
    end: float,
    *,
    centre: tuple[float, float] = (320.0, 120.0),
    height: float = 80.0,
    name: str = "t",
    skip: Sequence[tuple[float, float]] = (),
) -> FaceTrack:
    """Return a track of [start, end) with a still box six times a second, but for the spans in `skip`."""
    times = [t for t in np.arange(start, end, 1 / 6).tolist() if not any(a <= t < b for a, b in skip)]
    x, y = centre
    box = (x - 0.4 * height, y - 0.5 * height, x + 0.4 * height, y + 0.5 * height)
    return FaceTrack(
        track_id=span_id(shot.shot_id, "face", round(start * 1e6), round(end * 1e6), name),
        shot_id=shot.shot_id,
        video_id=shot.video_id,
        start_seconds=start,
        end_seconds=end,
        median_height_px=height,
        mean_score=0.9,
        times_seconds=tuple(times),
        boxes_xyxy=box * len(times),
        scores=(0.9,) * len(times),
    )


def make_audio(**changes: Any) -> AudioQuality:
    """Return the scores of clean speech."""
    fields: dict[str, Any] = {
        "loudness_lufs": -20.0,
        "rms_dbfs": -22.0,
        "peak_dbfs": -3.0,
        "clipping_ratio": 0.0,
        "speech_ratio": 0.9,
        "speech_seconds": 1.8,
        "speech_probability": 0.97,
        "snr_db": 30.0,
        "vad": "a detector",
    }
    return AudioQuality(**(fields | changes))


def make_transcript(text: str) -> Transcript:
    """Return a transcript without word times."""
    return Transcript(
        text=text,
        language="en",
        language_score=1.0,
        words=(),
        phones=(),
        declared_match=None,
        mean_log_probability=-0.2,
        syllables_per_second=3.5,
        doubtful_ratio=0.0,
        recogniser="a recogniser",
        aligner="an aligner",
    )


def make_clip(number: int = 0, num_frames: int = 50, **changes: Any) -> Clip:
    """Return a clip of 320x240 px at 25 fps; the id follows from `number`."""
    fields: dict[str, Any] = {
        "clip_id": span_id("v" * 20, "clip", number, num_frames),
        "video_id": "v" * 20,
        "shot_id": "s" * 20,
        "track_id": "t" * 20,
        "source": make_source(),
        "start_seconds": 2.0 * number,
        "end_seconds": 2.0 * number + num_frames / 25,
        "fps": 25.0,
        "num_frames": num_frames,
        "crop_xyxy": (0.0, 0.0, 320.0, 240.0),
        "width": 320,
        "height": 240,
        "face_height_px": 80.0,
        "other_face_ratio": 0.0,
        "second_face_ratio": 0.0,
    }
    return Clip(**(fields | changes))


def make_merge(first: str, second: str, **changes: Any) -> IdentityMerge:
    """Return what made two clips one person: near faces, and voices a little nearer than neutral."""
    fields: dict[str, Any] = {
        "identity_id": "i", "first_num_clips": 1, "second_num_clips": 1, "made_by": "likeness",
        "first_registered": None, "second_registered": None, "face_distance": 0.8,
        "first_stranger_distance": 1.0, "second_stranger_distance": 1.2, "voice_distance": 0.2,
        "voice_pair_share": 1.0, "neutral_voice_distance": 0.28, "voice_weight": 1.5,
        "voice_evidence": -0.12, "score": 0.52, "threshold": 0.9604,
    }  # fmt: skip
    return IdentityMerge(first_clip_id=first, second_clip_id=second, **(fields | changes))


def make_arrays(num_frames: int, seed: int = 0, fitted: bool = False) -> dict[str, npt.NDArray[Any]]:
    """Return arrays with the names, types and shapes of a sample and random contents."""
    random = np.random.default_rng(seed)
    return {
        name: random.integers(0, 2 if dtype == "bool" else 100, (num_frames, *shape)).astype(dtype)
        for name, (shape, dtype, _) in (ARRAYS | BODY_ARRAYS if fitted else ARRAYS).items()
    }


def load_shards(*paths: str) -> list[dict[str, Any]]:
    """Return the samples of shards as plain webdataset gives them."""
    dataset = webdataset.WebDataset(  # pyright: ignore[reportAttributeAccessIssue] (exported at run time)
        list(paths), shardshuffle=False
    )
    return list(dataset)


def tone(seconds: float, amplitude: float, hertz: float = 440.0) -> Samples:
    """Return a sine at 16 kHz."""
    t = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def noise(seconds: float, rms: float, seed: int = 0) -> Samples:
    """Return white noise at 16 kHz."""
    samples = rms * np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return np.asarray(samples, np.float32)


def speech(seconds: float, start: float = 10.5) -> Samples:
    """Return real speech at 16 kHz: a piece of the conversation that pyannote.audio carries."""
    spec = importlib.util.find_spec("pyannote.audio")
    assert spec and spec.origin
    with wave.open(str(Path(spec.origin).parent / "sample" / "sample.wav"), "rb") as handle:
        assert handle.getparams()[:3] == (1, 2, RATE)
        handle.setpos(round(start * RATE))
        data = handle.readframes(round(seconds * RATE))
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32768)


def textured_picture(seed: int, width: int = 96, height: int = 54) -> npt.NDArray[np.uint8]:
    """Return an RGB picture with coarse random shapes: two seeds differ as two scenes do."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    rows, columns = np.arange(height) * 6 // height, np.arange(width) * 8 // width
    return coarse[rows][:, columns]


def cut_demo(source: Path, path: Path, start: float, seconds: float, filters: Sequence[str] = ()) -> Path:
    """Write a piece of a demo video, re-encoded, with its sound."""
    settings = H264 | {"c:a": "aac", "b:a": "96k"}
    if filters:
        settings["vf"] = ",".join(filters)
    run_ffmpeg(ffmpeg.output(ffmpeg.input(str(source), ss=start, t=seconds), str(path), **settings))
    return path


def talker(demo: Path, path: Path) -> Path:
    """Write 2.2 s of a woman who talks, 24 fps."""
    return cut_demo(demo / "s31_lgbj5a.mp4", path, 0.4, 2.2, ("fps=24",))


def late_talker(demo: Path, path: Path) -> Path:
    """Write three other seconds of her, whose sound is LATE_FRAMES late, 25 fps."""
    source = ffmpeg.input(str(demo / "s31_lbig7s.mp4"))
    sound = source.audio.filter("adelay", f"{40 * LATE_FRAMES}:all=1")
    run_ffmpeg(ffmpeg.output(source.video, sound, str(path), **H264, **{"c:a": "aac", "b:a": "96k"}))
    return path


def man(demo: Path, path: Path) -> Path:
    """Write 2.6 s of a man who talks, made larger, 25 fps."""
    return cut_demo(demo / "s2_swwp2s.mp4", path, 0.2, 2.6, ("scale=450:360",))


def two_people(demo: Path, path: Path) -> Path:
    """Write three seconds of two men who talk beside each other, of whom the right one is heard, 25 fps."""
    left, right = (ffmpeg.input(str(demo / name)) for name in ("s2_pwij3p.mp4", "s5_lbax4n.mp4"))
    both = ffmpeg.filter([left.video, right.video], "hstack", inputs=2)
    run_ffmpeg(ffmpeg.output(both, right.audio, str(path), **H264, **{"c:a": "aac", "b:a": "96k"}))
    return path


def signer(demo: Path, path: Path, sound: Samples) -> Path:
    """Write somebody who signs and says nothing, at most 2.4 s, with the given sound (16 kHz), 30 fps."""
    length = {"t": str(len(sound) / RATE)}
    return add_sound(demo / "signing_sorry.mkv", sound[:, None], RATE, path, options=length)


def make_corpus(demo: Path, folder: Path) -> Path:
    """Fill a folder with talkers, sound videos nobody wants, and broken files; see EXPECTED."""
    folder.mkdir(parents=True)
    talker(demo, folder / "a talker, with 'quotes' & ümlauts.mp4")
    (folder / "sub").mkdir()
    man(demo, folder / "sub" / "说话的人.mp4")
    signer(demo, folder / "signer.mp4", speech(2.4))
    signer(demo, folder / "silent.mp4", np.zeros(round(2.2 * RATE), np.float32))
    two_people(demo, folder / "two_people.mp4")
    late_talker(demo, folder / "late sound.mp4")
    shutil.copy(folder / "signer.mp4", folder / "sub" / "signer again.mp4")
    talking_like_clip(folder / "faceless.mp4", seconds=3)
    broken_media.no_audio(folder / "no_sound.mp4")
    broken_media.audio_only(folder / "no_pictures.mp4")
    broken_media.zero_bytes(folder / "zero.mp4")
    broken_media.text_as_video(folder / "text.mp4")
    broken_media.truncated_without_index(folder / "no_index.mp4")
    broken_media.truncated_with_index(folder / "cut_short.mp4")
    broken_media.absurd_dimensions(folder / "absurd.mp4")
    (folder / "notes.txt").write_text("not a video, and not named like one\n")
    return folder


# Where each video of the corpus ends: accepted, or the reasons, or the stage that fails.
EXPECTED = {
    "a talker, with 'quotes' & ümlauts.mp4": "accepted",
    "sub/说话的人.mp4": "accepted",
    "signer.mp4": "lips_say_something_else",  # somebody who says nothing, with another's speech
    "silent.mp4": "silent_audio",
    "two_people.mp4": "accepted",  # of one of the two
    "late sound.mp4": "accepted",
    "sub/signer again.mp4": "duplicate",
    "faceless.mp4": "no_face",
    "no_sound.mp4": "no_audio_stream",
    "no_pictures.mp4": "no_video_stream",
    "zero.mp4": "failed in probe",
    "text.mp4": "failed in probe",
    "no_index.mp4": "failed in probe",
    "cut_short.mp4": "no_face, no_picture, cut_off",
    "absurd.mp4": "failed in probe",
}
