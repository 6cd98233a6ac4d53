"""Visits: the work done on one element in one go, so that each frame is decoded once for all.

A visit composes the cores of several steps around one pass over the media. It runs in an
isolated process and returns records and costs; nothing here knows Beam.
"""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from backends import (
    mediapipe_faces,
    mediapipe_landmarks,
    pocketsphinx,
    pyscenedetect,
    rapidocr,
    resemblyzer,
    silero,
    transnetv2,
    wav2vec2,
    whisperx,
)
from body.model import BodyModel
from media import (
    DecodeTally,
    MediaError,
    PictureView,
    decode_audio,
    decode_video,
    wav_bytes,
)
from pipelines.compare_lips import compare_lips
from pipelines.config import CurateConfig
from pipelines.cpu_meter import CpuMeter
from pipelines.look_at_person import look_at_person
from schemas.outcomes import Rejection
from schemas.records import Clip, FaceTrack, Shot, Source, Video
from schemas.sample import SAMPLING_RATE_HZ, arrays_to_npz, check_arrays, npz_to_arrays
from transforms import (
    align_words,
    collect_faces,
    compare_voices,
    cut_clip,
    detect_shots,
    extract_landmarks,
    measure_quality,
    probe,
    propose_clips,
    score_audio,
    track_faces,
    transcribe,
)
from transforms.fit_body import Observations, fit_clip, fit_quality
from transforms.storage import join, read_bytes, write_bytes

# Sound is looked at in pieces of this length, so that memory does not grow with the video.
_LISTEN_SECONDS = 300.0
# More damaged packets than this share and a video counts as broken.
_MAX_DAMAGED_SHARE = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipTask:
    """A clip on its way, with the parents that its visits need."""

    clip: Clip
    video: Video
    track: FaceTrack


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitResult:
    """What one visit gives: records by kind, rejections, and what it cost."""

    outputs: tuple[Any, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    shots: tuple[Shot, ...] = ()
    tracks: tuple[FaceTrack, ...] = ()
    cpu_seconds: dict[str, float] = field(default_factory=dict)
    frames_decoded: int = 0


def probe_visit(source: Source, config: CurateConfig) -> VisitResult:
    """Probe one source; gives one Video or one Rejection."""
    meter = CpuMeter()
    found = probe.probe_source(source, config.probe, config.media)
    meter.charge("probe")
    if isinstance(found, Rejection):
        return VisitResult(rejections=(found,), cpu_seconds=meter.seconds)
    return VisitResult(outputs=(found,), cpu_seconds=meter.seconds)


def survey_visit(video: Video, config: CurateConfig) -> VisitResult:
    """Look through a whole video once: shots, faces, speech; gives candidate clips.

    Raises:
        MediaError: if most of the video cannot be decoded.
    """
    meter = CpuMeter()
    speech = _listen(video, config)
    meter.charge("find_speech")
    tally = DecodeTally()
    scores, samples = _scan(video, config, tally, meter)
    if not scores.seconds:
        raise MediaError(f"{video.source.uri}: no picture can be decoded ({tally.last_error})")
    if tally.damaged > _MAX_DAMAGED_SHARE * (tally.frames + tally.damaged):
        raise MediaError(
            f"{video.source.uri}: {tally.damaged} of {tally.frames + tally.damaged} frames are damaged "
            f"({tally.last_error})"
        )
    shots = detect_shots.build_shots(
        video.video_id, scores, scores.seconds[-1] + 1.0 / video.fps, config.shots
    )
    tracks: list[FaceTrack] = []
    tasks: list[ClipTask] = []
    lost: list[Rejection] = []
    times = np.asarray(scores.seconds)
    for shot in shots:
        here = track_faces.build_tracks(shot, samples, config.tracks)
        clips, rejected = propose_clips.propose_clips(video, shot, here, speech, times, config.clips)
        by_id = {t.track_id: t for t in here}
        tasks += [ClipTask(clip=c, video=video, track=by_id[c.track_id]) for c in clips]
        tracks += here
        lost += rejected
    meter.charge("propose_clips")
    return VisitResult(
        outputs=tuple(tasks),
        rejections=tuple(lost),
        shots=tuple(shots),
        tracks=tuple(tracks),
        cpu_seconds=meter.seconds,
        frames_decoded=tally.frames,
    )


def _listen(video: Video, config: CurateConfig) -> list[tuple[float, float]]:
    """Return the spans of speech in a whole video."""
    detector = silero.load(config.audio.vad_threshold)
    spans: list[tuple[float, float]] = []
    start = 0.0
    while start < video.duration_seconds:
        end = min(start + _LISTEN_SECONDS, video.duration_seconds)
        samples = decode_audio(video.source.uri, config.media, start, end, SAMPLING_RATE_HZ)
        spans += [(start + s, start + e) for s, e in detector.find_speech(samples).spans]
        start = end
    return spans


def _scan(
    video: Video, config: CurateConfig, tally: DecodeTally, meter: CpuMeter
) -> tuple[detect_shots.ShotScores, list[track_faces.SampledFaces]]:
    """Decode all frames once for shots and faces."""
    side = max(video.width, video.height)
    scale = max(side / config.tracks.detector_side_px, 1.0)
    detector = mediapipe_faces.load(config.tracks.min_score, config.tracks.full_range)
    shot_scanner = detect_shots.ShotScanner(
        config.shots, pyscenedetect.ContentScorer, transnetv2.load, video.fps
    )
    face_scanner = track_faces.FaceScanner(config.tracks, detector, scale)
    thumbnail = PictureView(*detect_shots.THUMBNAIL, video.rotation_degrees, "rgb24")
    reduced = PictureView(
        max(round(video.width / scale), 2),
        max(round(video.height / scale), 2),
        video.rotation_degrees,
        "rgb24",
    )
    meter.charge("load_models")
    for picture in decode_video(video.source.uri, config.media, tally):
        meter.charge("decode")
        shot_scanner.update(picture.seconds, thumbnail.pixels(picture.frame))
        meter.charge("detect_shots")
        if face_scanner.wants(picture.seconds):
            face_scanner.update(picture.seconds, reduced.pixels(picture.frame))
            meter.charge("track_faces")
    scores = shot_scanner.finish()
    meter.charge("detect_shots")
    return scores, face_scanner.samples


def audio_visit(task: ClipTask, config: CurateConfig, folder: str) -> VisitResult:
    """Decode and score a clip's sound, compare its voices and write its .wav part."""
    meter = CpuMeter()
    clip = task.clip
    samples = _sound(task, config)
    detector = silero.load(config.audio.vad_threshold)
    heard = detector.find_speech(samples)
    quality = score_audio.score_audio(samples, heard, detector.name)
    prefix = join(folder, "parts", clip.clip_id)
    write_bytes(f"{prefix}.wav", wav_bytes(samples, SAMPLING_RATE_HZ))
    meter.charge("score_audio")
    voice = compare_voices.compare_voices(samples, heard.spans, resemblyzer.load(), config.voice)
    meter.charge("compare_voices")
    done = replace(task, clip=replace(clip, audio=quality, voice=voice, parts_uri=prefix))
    return VisitResult(outputs=(done,), cpu_seconds=meter.seconds)


def look_visit(task: ClipTask, config: CurateConfig, folder: str) -> VisitResult:
    """Decode a clip's frames once: encode them, find landmarks, measure quality, look at the person."""
    meter = CpuMeter()
    clip, tally = task.clip, DecodeTally()
    extractor = mediapipe_landmarks.load(config.landmarks.min_score, config.landmarks.model_complexity)
    boxes = extract_landmarks.clip_boxes(clip, task.track)
    collector = extract_landmarks.LandmarkCollector(extractor, boxes, config.landmarks)
    source_scale = (clip.crop_xyxy[2] - clip.crop_xyxy[0]) / clip.width
    qualities = measure_quality.QualityMeter(
        config.quality, clip.fps, clip.num_frames, source_scale, rapidocr.load()
    )
    views = collect_faces.FaceCollector(config.faces, clip.num_frames)
    encoder = cut_clip.new_encoder(clip, config.cut)
    meter.charge("load_models")
    for frame in cut_clip.read_clip(task.video, clip, config.media, tally):
        meter.charge("decode")
        landmarks = collector.update(frame.image, frame.repeated)
        meter.charge("extract_landmarks")
        qualities.update(frame.image, landmarks)
        meter.charge("measure_quality")
        views.update(frame.image, landmarks)
        meter.charge("collect_faces")
        encoder.write(frame.encodable)
        meter.charge("cut_clip")
    arrays = collector.arrays(task.track, clip)
    check_arrays(arrays, clip.num_frames, fitted=False)
    write_bytes(f"{clip.parts_uri}.mp4", encoder.finish())
    write_bytes(f"{clip.parts_uri}.npz", arrays_to_npz(arrays))
    done = replace(clip, landmarks=collector.coverage(clip.fps), quality=qualities.finish(tally.damaged))
    meter.charge("cut_clip")
    done = look_at_person(done, views, arrays, config, folder, meter)
    return VisitResult(
        outputs=(replace(task, clip=done),), cpu_seconds=meter.seconds, frames_decoded=tally.frames
    )


def sync_visit(task: ClipTask, config: CurateConfig) -> VisitResult:
    """Compare a clip's lips with its sound; sound that is constantly off is moved, in the .wav part."""
    meter, tally = CpuMeter(), DecodeTally()
    clip = task.clip
    sync = compare_lips(clip, _sound(task, config), config, meter, tally)
    done = replace(task, clip=replace(clip, sync=sync))
    if sync is not None and sync.repaired_frames:
        moved = wav_bytes(_sound(done, config), SAMPLING_RATE_HZ)
        write_bytes(f"{clip.parts_uri}.wav", moved)
    meter.charge("score_sync")
    return VisitResult(outputs=(done,), cpu_seconds=meter.seconds, frames_decoded=tally.frames)


def _sound(task: ClipTask, config: CurateConfig) -> np.ndarray:
    """Return the sound of a clip, moved as its sync record says."""
    clip = task.clip
    start = clip.start_seconds
    if clip.sync is not None:
        start += clip.sync.repaired_frames / clip.fps
    end = start + clip.duration_seconds
    return decode_audio(task.video.source.uri, config.media, start, end, SAMPLING_RATE_HZ)


def words_visit(task: ClipTask, config: CurateConfig) -> VisitResult:
    """Transcribe a clip and align its words."""
    meter = CpuMeter()
    clip = task.clip
    recogniser = whisperx.load(config.transcribe.model, config.transcribe.beam_size)
    aligner = (
        pocketsphinx.load() if config.align.model == "pocketsphinx" else wav2vec2.load(config.align.model)
    )
    meter.charge("load_models")
    samples = _sound(task, config)
    heard = transcribe.transcribe(samples, clip, task.video.duration_seconds, recogniser)
    meter.charge("transcribe")
    transcript = align_words.align_words(samples, heard, aligner, clip.duration_seconds)
    meter.charge("align_words")
    return VisitResult(
        outputs=(replace(task, clip=replace(clip, transcript=transcript)),), cpu_seconds=meter.seconds
    )


@lru_cache(maxsize=2)
def _body_model(path: str | None) -> BodyModel:
    return BodyModel.load(path)


def body_visit(task: ClipTask, config: CurateConfig) -> VisitResult:
    """Fit the body model to a clip's landmarks and add its parameters to the .npz part."""
    meter = CpuMeter()
    clip, part = task.clip, f"{task.clip.parts_uri}.npz"
    model = _body_model(config.fit_body.model)
    meter.charge("load_models")
    arrays = npz_to_arrays(read_bytes(part))
    fit = fit_clip(
        model, Observations.from_sample(arrays, clip.width, clip.height, clip.fps), config.fit_body
    )
    arrays |= fit.arrays()
    check_arrays(arrays, clip.num_frames, fitted=True)
    write_bytes(part, arrays_to_npz(arrays))
    done = replace(clip, body_fit=fit_quality(model, fit))
    meter.charge("fit_body")
    return VisitResult(outputs=(replace(task, clip=done),), cpu_seconds=meter.seconds)
