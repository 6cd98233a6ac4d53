"""Single records of a made-up curation run, with plausible scores."""

import dataclasses
import random
from typing import Any

from schemas.ids import span_id
from schemas.outcomes import Rejection
from schemas.records.clip import Clip
from schemas.records.picture import LandmarkCoverage, VisualQuality
from schemas.records.sound import AudioQuality, Transcript
from schemas.records.source import Source
from schemas.records.video import FaceTrack, Shot, Video

SENTENCES = (
    "so the first thing we have to ask is what a sentence sounds like when nobody is listening",
    "I grew up by the sea, and my grandmother would tell us the weather from the smell of the wind",
    "we measured it three times and the result was the same each time",
    "la verdad es que no esperábamos una respuesta tan pronto",
)
NAMES = ("talk", "interview", "lecture part", "Gespräch über Städte", "podcast", "講演")


def make_video(number: int, seconds: float, name: str | None = None) -> Video:
    name = name or f"{NAMES[number % len(NAMES)]} {number:05d}.mp4"
    return Video(
        video_id=f"{number:020x}",
        source=Source(uri=f"/videos/{name}", name=name, licence="CC BY 4.0"),
        size_bytes=1_000_000,
        container="mp4",
        duration_seconds=seconds,
        fps=25.0,
        num_frames_declared=round(seconds * 25),
        variable_frame_rate=False,
        width=1280,
        height=720,
        rotation_degrees=0,
        pixel_aspect=1.0,
        video_codec="h264",
        audio_codec="aac",
        audio_sampling_rate_hz=48000,
        audio_channels=2,
    )


def make_shot(video: Video, start: float, end: float) -> Shot:
    return Shot(
        shot_id=span_id(video.video_id, "shot", round(start * 25), round(end * 25)),
        video_id=video.video_id,
        start_frame=round(start * 25),
        end_frame=round(end * 25),
        start_seconds=start,
        end_seconds=end,
        clean_start_seconds=start,
        clean_end_seconds=end,
        cut_score=0.8 if start else None,
    )


def make_track(shot: Shot, start: float, end: float, person: int = 0) -> FaceTrack:
    return FaceTrack(
        track_id=span_id(shot.shot_id, "track", round(start * 1e6), round(end * 1e6), person),
        shot_id=shot.shot_id,
        video_id=shot.video_id,
        start_seconds=start,
        end_seconds=end,
        median_height_px=160.0,
        mean_score=0.9,
        times_seconds=(start,),
        boxes_xyxy=(1.0, 2.0, 3.0, 4.0),
        scores=(0.9,),
    )


def make_clip(
    video: Video, track: FaceTrack, start: float, end: float, rng: random.Random, **changes: Any
) -> Clip:
    num_frames = round((end - start) * 25)
    speech, yaw = min(1.0, max(0.0, rng.gauss(0.82, 0.16))), rng.gauss(3, 14)
    audio = AudioQuality(
        loudness_lufs=-20.0,
        rms_dbfs=-24.0,
        peak_dbfs=-3.0,
        clipping_ratio=0.0,
        speech_ratio=speech,
        speech_seconds=speech * (end - start),
        speech_probability=0.97,
        snr_db=rng.gauss(24, 7),
        vad="silero 5.1",
    )
    hands = min(1.0, max(0.0, rng.gauss(0.5, 0.35)))
    landmarks = LandmarkCoverage(
        face_ratio=0.99,
        iris_ratio=0.95,
        pose_ratio=0.98,
        left_hand_ratio=hands / 2,
        right_hand_ratio=hands,
        any_hand_ratio=hands,
        longest_face_gap_seconds=0.04,
        face_jump=1.2,
        extractor="mediapipe 0.10.14",
    )
    quality = VisualQuality(
        sharpness=rng.lognormvariate(5, 0.7),
        face_luma=0.5,
        face_contrast=0.2,
        dark_ratio=0.0,
        bright_ratio=0.0,
        face_height_px=160.0,
        yaw_degrees=yaw,
        pitch_degrees=2.0,
        roll_degrees=0.5,
        max_abs_yaw_degrees=abs(yaw) + rng.random() * 25,
        camera_motion=0.01,
        body_motion=0.3,
        mouth_motion=0.4,
        stillness_ratio=0.0,
        text_area_ratio=0.01,
        text_over_face_ratio=0.0,
        damaged_frames=0,
        ocr="rapidocr",
    )
    transcript = Transcript(
        text=rng.choice(SENTENCES),
        language="en",
        language_score=0.97,
        words=(),
        phones=(),
        declared_match=None,
        mean_log_probability=-0.2,
        syllables_per_second=3.5,
        doubtful_ratio=0.0,
        recogniser="whisper-base",
        aligner="wav2vec2",
    )
    clip = Clip(
        clip_id=span_id(track.track_id, "clip", round(start * 1e6), round(end * 1e6)),
        video_id=video.video_id,
        shot_id=track.shot_id,
        track_id=track.track_id,
        source=video.source,
        start_seconds=start,
        end_seconds=end,
        fps=25.0,
        num_frames=num_frames,
        crop_xyxy=(0.0, 0.0, 512.0, 512.0),
        width=512,
        height=512,
        face_height_px=rng.gauss(170, 40),
        other_face_ratio=0.0,
        second_face_ratio=0.0,
        audio=audio,
        landmarks=landmarks,
        quality=quality,
        transcript=transcript,
        status="accepted",
    )
    return dataclasses.replace(clip, **changes)


def reject(subject_id: str, video: Video, stage: str, level: str, reason: str, **changes: Any) -> Rejection:
    fields: dict[str, Any] = {"score": None, "threshold": None, **changes}
    return Rejection(
        stage=stage,
        level=level,
        subject_id=subject_id,
        video_id=video.video_id,
        source_name=video.source.name,
        reason=reason,
        **fields,
    )
