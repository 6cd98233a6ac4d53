"""Decode a clip's frames once: encode them, find landmarks, measure quality, look at the person."""

from dataclasses import replace

import numpy as np

from backends import select
from backends.protocols.arrays import FloatArray
from backends.protocols.pictures import FaceView
from media import DecodeTally, MediaLimits
from pipelines.cpu_meter import CpuMeter
from pipelines.elements import ClipTask, VisitResult
from pipelines.visits.sound import sound_of
from schemas.parts import FACE_PART, LANDMARKS_PART, VIDEO_PART, PartReader
from schemas.records.clip import Clip
from schemas.sample import SAMPLING_RATE_HZ, arrays_to_npz, check_arrays, unpack_landmarks
from transforms import (
    collect_faces,
    cut_clip,
    embed_faces,
    estimate_attributes,
    extract_landmarks,
    find_near_duplicates,
    measure_quality,
)
from transforms.clip_print import ClipPrint

Seen = tuple[list[FaceView], FloatArray]  # views of the face, and how good they are


def look_visit(
    task: ClipTask,
    parts: PartReader,
    *,
    media: MediaLimits,
    cut: cut_clip.CutConfig,
    landmarks: extract_landmarks.LandmarkConfig,
    quality: measure_quality.QualityConfig,
    faces: collect_faces.CollectConfig,
    embed: embed_faces.EmbedConfig,
    attributes: estimate_attributes.AttributeConfig,
) -> VisitResult:
    """Decode a clip's frames once for all that look at them; gives its video, landmarks and face."""
    meter = CpuMeter()
    clip, tally = task.clip, DecodeTally()
    extractor = select.landmark_extractor(landmarks.min_score, landmarks.model_complexity)
    boxes = extract_landmarks.clip_boxes(clip, task.track)
    collector = extract_landmarks.LandmarkCollector(extractor, boxes, landmarks)
    source_scale = (clip.crop_xyxy[2] - clip.crop_xyxy[0]) / clip.width
    qualities = measure_quality.QualityMeter(
        quality,
        clip.fps,
        clip.num_frames,
        source_scale,
        select.text_detector(),
        measure_quality.head_region(boxes, clip.width, clip.height),
    )
    views = collect_faces.FaceCollector(faces, clip.num_frames)
    printer = find_near_duplicates.FacePrinter(clip.fps, clip.face_height_px / source_scale)
    encoder = cut_clip.new_encoder(clip, cut)
    shown: list[float] = []
    meter.charge("load_models")
    for frame in cut_clip.read_clip(task.video, clip, media, tally):
        meter.charge("decode")
        shown.append(frame.seconds)
        found = collector.update(frame.image, frame.repeated)
        meter.charge("extract_landmarks")
        qualities.update(frame.image, found)
        meter.charge("measure_quality")
        views.update(frame.image, found)
        printer.update(frame.image)
        meter.charge("collect_faces")
        encoder.write(frame.encodable)
        meter.charge("cut_clip")
    arrays = collector.arrays(task.track, clip)
    check_arrays(arrays, clip.num_frames, fitted=False)
    made = {VIDEO_PART: encoder.finish(), LANDMARKS_PART: arrays_to_npz(arrays)}
    clip = replace(
        clip,
        landmarks=collector.coverage(clip.fps),
        face_jumps=extract_landmarks.jumps_between(collector.jumps(), shown),
        quality=qualities.finish(tally.damaged),
    )
    meter.charge("cut_clip")
    seen = views.finish()
    face = _face(clip, seen, printer, arrays, parts, embed, meter)
    if face is not None:
        made[FACE_PART] = face
    clip = _perceived(clip, seen, attributes, meter)
    return VisitResult(
        outputs=(replace(task, clip=clip),),
        parts=made,
        cpu_seconds=meter.seconds,
        frames_decoded=tally.frames,
    )


def _face(
    clip: Clip,
    seen: Seen,
    printer: find_near_duplicates.FacePrinter,
    arrays: dict[str, np.ndarray],
    parts: PartReader,
    embed: embed_faces.EmbedConfig,
    meter: CpuMeter,
) -> bytes | None:
    """Return the part with the clip's face for comparison; None without a good view of it."""
    if not embed.enabled:
        return None
    embedder = select.face_embedder(embed.model)
    meter.charge("load_models")
    marks = ClipPrint(
        sound=find_near_duplicates.sound_print(sound_of(clip, parts), SAMPLING_RATE_HZ),
        face=printer.finish(unpack_landmarks(arrays, "face:landmarks")),
        face_hz=printer.hz,
    )
    kept = embed_faces.clip_face(*seen, marks, embedder)
    meter.charge("embed_faces")
    return None if kept is None else embed_faces.face_bytes(kept)


def _perceived(
    clip: Clip,
    seen: Seen,
    attributes: estimate_attributes.AttributeConfig,
    meter: CpuMeter,
) -> Clip:
    """Return the clip with how the person is perceived."""
    if not attributes.enabled:
        return clip
    estimator = select.attribute_estimator(attributes.perceived.model)
    meter.charge("load_models")
    found = estimate_attributes.estimate_from_views(*seen, estimator, attributes)
    meter.charge("estimate_attributes")
    return replace(clip, attributes=found)
