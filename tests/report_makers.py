"""All records of a made-up curation run: every second of every video ends in one place."""

import dataclasses
import random

from schemas.bias import (
    BalanceSplit,
    BalanceTarget,
    BalanceWarning,
    BiasCell,
    BiasMetric,
    DeclaredPerceived,
    FunnelRow,
    Representation,
    UnusedDeclaration,
    YoungAdults,
)
from schemas.ids import span_id
from schemas.lineage import Lineage
from schemas.outcomes import Failure, Rejection
from schemas.records.clip import Clip
from schemas.records.video import FaceTrack, Shot, Video
from tests.report_records import make_clip, make_shot, make_track, make_video, reject

RULES = [
    {"name": name, "stage": stage, "field": field, "minimum": low, "maximum": high, "mode": mode}
    for name, stage, field, low, high, mode in (
        ("several_faces", "propose", "other_face_ratio", None, 0.6, "on"),
        ("no_speech", "audio", "audio.speech_ratio", 0.5, None, "on"),
        ("noisy_audio", "audio", "audio.snr_db", 10.0, None, "on"),
        ("blurred_face", "look", "quality.sharpness", 40.0, None, "on"),
        ("turned_away", "look", "quality.yaw_degrees", -30.0, 30.0, "on"),
        ("my_own_rule", "look", "quality.max_abs_yaw_degrees", None, 50.0, "on"),
        ("few_hands", "look", "landmarks.any_hand_ratio", 0.1, None, "score"),
    )
]


@dataclasses.dataclass(slots=True)
class Records:
    """Records of a made-up run, by table."""

    videos: list[Video] = dataclasses.field(default_factory=list)
    shots: list[Shot] = dataclasses.field(default_factory=list)
    face_tracks: list[FaceTrack] = dataclasses.field(default_factory=list)
    clips: list[Clip] = dataclasses.field(default_factory=list)
    rejections: list[Rejection] = dataclasses.field(default_factory=list)
    failures: list[Failure] = dataclasses.field(default_factory=list)
    bias_cells: list[BiasCell] = dataclasses.field(default_factory=list)
    bias_metrics: list[BiasMetric] = dataclasses.field(default_factory=list)
    funnel: list[FunnelRow] = dataclasses.field(default_factory=list)
    representation: list[Representation] = dataclasses.field(default_factory=list)
    balance_targets: list[BalanceTarget] = dataclasses.field(default_factory=list)
    balance_splits: list[BalanceSplit] = dataclasses.field(default_factory=list)
    balance_warnings: list[BalanceWarning] = dataclasses.field(default_factory=list)
    unused_declarations: list[UnusedDeclaration] = dataclasses.field(default_factory=list)
    declared_perceived: list[DeclaredPerceived] = dataclasses.field(default_factory=list)
    lineage: list[Lineage] = dataclasses.field(default_factory=list)
    young_adults: list[YoungAdults] = dataclasses.field(default_factory=list)


def broken_rules(clip: Clip) -> list[tuple[str, float, float]]:
    """The rules of RULES that a clip breaks, as (name, score, threshold)."""
    assert clip.audio and clip.quality
    speech, snr, sharpness = clip.audio.speech_ratio, clip.audio.snr_db or 0.0, clip.quality.sharpness or 0.0
    yaw, largest = clip.quality.yaw_degrees or 0.0, clip.quality.max_abs_yaw_degrees or 0.0
    found = [
        ("no_speech", speech, 0.5, speech < 0.5),
        ("noisy_audio", snr, 10.0, snr < 10.0),
        ("blurred_face", sharpness, 40.0, sharpness < 40.0),
        ("turned_away", yaw, 30.0 if yaw > 0 else -30.0, abs(yaw) > 30.0),
        ("my_own_rule", largest, 50.0, largest > 50.0),
    ]
    return [(name, score, threshold) for name, score, threshold, broken in found if broken]


def add_video(records: Records, number: int, rng: random.Random) -> None:
    """Add a video with shots, one or two people or none, and clips cut back to back."""
    video = make_video(number, round(rng.uniform(20, 140), 2))
    records.videos.append(video)
    start = 0.0
    while start < video.duration_seconds - 1:
        end = min(video.duration_seconds, start + rng.uniform(5, 40))
        shot = make_shot(video, round(start, 2), round(end, 2))
        records.shots.append(shot)
        people = rng.choice((0, 1, 1, 1, 2))
        for person in range(people):
            add_track(records, video, shot, person, rng)
        if not people:
            records.rejections.append(
                lost(video, shot, shot.start_seconds, shot.end_seconds, "no_face", 0.0, 1.0)
            )
        start = end


def lost(
    video: Video,
    shot: Shot,
    start: float,
    end: float,
    reason: str,
    score: float | None,
    threshold: float | None,
) -> Rejection:
    """A span of a shot that no clip covers."""
    subject = span_id(shot.shot_id, "lost", round(start * 1e6), round(end * 1e6))
    return reject(
        subject,
        video,
        "propose_clips",
        "span",
        reason,
        score=score,
        threshold=threshold,
        start_seconds=start,
        end_seconds=end,
        seconds=end - start,
    )


def add_track(records: Records, video: Video, shot: Shot, person: int, rng: random.Random) -> None:
    """Follow a face through a shot and cut clips from it; what remains is a rejected span."""
    start = shot.start_seconds + rng.uniform(0, 1) * person
    end = shot.end_seconds - rng.uniform(0, 2) * person
    if end - start < 2:
        return
    track = make_track(shot, start, end, person)
    records.face_tracks.append(track)
    while end - start >= 2:
        stop = min(end, start + rng.uniform(4, 10))
        if stop - start < 2:
            break
        add_clip(records, video, make_clip(video, track, start, stop, rng), rng)
        start = stop
    if end - start > 0.1 and person == 0:
        records.rejections.append(lost(video, shot, start, end, "remainder", None, None))


def add_clip(records: Records, video: Video, clip: Clip, rng: random.Random) -> None:
    """Judge a clip by RULES, or let it fail now and then."""
    if broken := broken_rules(clip):
        clip = dataclasses.replace(clip, status="rejected")
        reason, score, threshold = broken[0]
        also = tuple(b[0] for b in broken[1:])
        stage = next(f"filter_{r['stage']}" for r in RULES if r["name"] == reason)
        span = {
            "start_seconds": clip.start_seconds,
            "end_seconds": clip.end_seconds,
            "seconds": clip.duration_seconds,
        }
        records.rejections.append(
            reject(
                clip.clip_id,
                video,
                stage,
                "clip",
                reason,
                score=score,
                threshold=threshold,
                also=also,
                **span,
            )
        )
    elif rng.random() < 0.01:
        clip = dataclasses.replace(clip, status="failed")
        records.failures.append(fail(clip, video))
    records.clips.append(clip)


def fail(clip: Clip, video: Video) -> Failure:
    return Failure(
        stage="transcribe",
        level="clip",
        subject_id=clip.clip_id,
        video_id=video.video_id,
        source_name=video.source.name,
        error_type="TimeoutError",
        error="the recogniser gave no answer within 120 s",
        traceback="Traceback ...",
        seconds=clip.duration_seconds,
    )


def make_records(num_videos: int, seed: int = 1) -> Records:
    rng = random.Random(seed)
    records = Records()
    for number in range(num_videos):
        if number % 7 == 5:
            bad = make_video(number, 30.0)
            records.rejections.append(
                reject(bad.video_id, bad, "probe", "video", "no_audio_stream", seconds=30.0)
            )
        elif number % 11 == 8:
            bad = make_video(number, 0.0)
            error = f"{bad.source.name}: moov atom not found; the file is truncated or damaged"
            records.failures.append(
                Failure(
                    stage="probe",
                    level="video",
                    subject_id=bad.source.name,
                    video_id=None,
                    source_name=bad.source.name,
                    error_type="MediaError",
                    error=error,
                    traceback="Traceback ...",
                )
            )
        else:
            add_video(records, number, rng)
    return records
