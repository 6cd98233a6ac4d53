"""Look through all frames of a video once, for shots and faces."""

from backends import select
from media import DecodeTally, MediaError, MediaLimits, PictureView, decode_video
from pipelines.cpu_meter import CpuMeter
from schemas.records.video import Shot, Video
from transforms import detect_shots, find_gaps, find_jump_cuts, track_faces

# More damaged packets than this share and a video counts as broken.
_MAX_DAMAGED_SHARE = 0.5


def scan_video(
    video: Video,
    media: MediaLimits,
    shots: detect_shots.ShotConfig,
    jumps: find_jump_cuts.JumpConfig,
    tracks: track_faces.TrackConfig,
    tally: DecodeTally,
    meter: CpuMeter,
) -> tuple[detect_shots.ShotScores, list[track_faces.SampledFaces]]:
    """Decode all frames once for shots and faces.

    Raises:
        MediaError: if most of the video cannot be decoded.
    """
    scale = max(max(video.width, video.height) / tracks.close_side_px, 1.0)
    detector = select.face_detector(tracks.min_score, tracks.full_range)
    shot_scanner = detect_shots.ShotScanner(shots, select.content_scorer, select.shot_model, video.fps)
    jump_scanner = find_jump_cuts.JumpScanner(jumps)
    face_scanner = track_faces.FaceScanner(tracks, detector, scale)
    thumbnail = PictureView(*detect_shots.THUMBNAIL, video.rotation_degrees, "rgb24")
    compared = PictureView(
        *size_with_side(video, find_jump_cuts.PICTURE_SIDE_PX), video.rotation_degrees, "gray"
    )
    width, height = (max(round(side / scale), 2) for side in (video.width, video.height))
    reduced = PictureView(width, height, video.rotation_degrees, "rgb24")
    meter.charge("load_models")
    for picture in decode_video(video.source.uri, media, tally, reading=video.reading):
        meter.charge("decode")
        if picture.seconds < -find_gaps.ROUNDING_FRAMES / video.fps:
            continue  # before time zero: players do not show it
        shot_scanner.update(picture.seconds, thumbnail.pixels(picture.frame))
        meter.charge("detect_shots")
        jump_scanner.update(compared.pixels(picture.frame))
        meter.charge("find_jump_cuts")
        if face_scanner.wants(picture.seconds):
            face_scanner.update(picture.seconds, reduced.pixels(picture.frame))
            meter.charge("track_faces")
    scores = shot_scanner.finish()
    scores.leaps = jump_scanner.finish()
    meter.charge("detect_shots")
    _check_damage(video, scores, tally)
    return scores, face_scanner.samples


def shots_of(
    video: Video, scores: detect_shots.ShotScores, tally: DecodeTally, config: detect_shots.ShotConfig
) -> list[Shot]:
    """Return the shots of a video that was looked through."""
    breaks = find_gaps.find_breaks(
        scores.seconds,
        video.fps,
        find_gaps.restarts_of(video.reading),
        tally.damaged_seconds,
        config.max_hold_seconds,
    )
    end = scores.seconds[-1] + 1.0 / video.fps
    return detect_shots.build_shots(video.video_id, scores, end, config, breaks)


def size_with_side(video: Video, longer_side: int) -> tuple[int, int]:
    """Return the size in px of a video's whole picture with a longer side of so much."""
    scale = longer_side / max(video.width, video.height)
    return max(round(video.width * scale), 8), max(round(video.height * scale), 8)


def _check_damage(video: Video, scores: detect_shots.ShotScores, tally: DecodeTally) -> None:
    name = video.source.uri
    if not scores.seconds:
        raise MediaError(f"{name}: no picture can be decoded ({tally.last_error})")
    whole = len(scores.seconds) + tally.damaged
    if tally.damaged > _MAX_DAMAGED_SHARE * whole:
        raise MediaError(f"{name}: {tally.damaged} of {whole} frames are damaged ({tally.last_error})")
