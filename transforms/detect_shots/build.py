"""Build shots from the cuts that were found: every frame in one, transitions and fragments unclean."""

import dataclasses
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from schemas.ids import span_id
from schemas.records.video import Shot
from transforms.detect_shots.cuts import Cut, find_cuts
from transforms.detect_shots.scan import ShotConfig, ShotScores


def build_shots(
    video_id: str,
    scores: ShotScores,
    end_seconds: float,
    config: ShotConfig,
    breaks: Mapping[int, float] = MappingProxyType({}),
) -> list[Shot]:
    """Partition a video's frames into shots.

    Args:
        end_seconds: the end of the last frame.
        breaks: frames before which there is a gap or the clock starts again, and when the picture before
            each ends; a shot ends there, whatever is seen.

    Returns:
        Shots that cover all frames; their clean spans leave out transitions and guard frames.
    """
    seconds = [*(max(s, 0.0) for s in scores.seconds), end_seconds]
    last = len(scores.seconds)
    shots: list[Shot] = []
    start, clean_start, start_score = 0, 0, None
    for old_end, new_start, score in _with_breaks(find_cuts(scores, config), breaks):
        if old_end <= start:
            continue
        guard = 0 if new_start in breaks else config.guard_frames
        clean_end = max(old_end - guard, clean_start)
        shots.append(_shot(video_id, seconds, (start, new_start), (clean_start, clean_end), start_score))
        if new_start in breaks:
            shots[-1] = _ended(shots[-1], breaks[new_start])
        start, clean_start, start_score = new_start, min(new_start + guard, last), score
    shots.append(_shot(video_id, seconds, (start, last), (clean_start, last), start_score))
    return _merge_fragments(shots, config, breaks)


def _with_breaks(cuts: Sequence[Cut], breaks: Mapping[int, float]) -> list[Cut]:
    """Return cuts in order with those at breaks, which take the place of others found there."""
    kept = [cut for cut in cuts if not any(cut[0] <= frame <= cut[1] for frame in breaks)]
    return sorted([*kept, *((frame, frame, None) for frame in breaks)], key=lambda cut: cut[:2])


def _ended(shot: Shot, end_seconds: float) -> Shot:
    """Return a shot that ends before a gap, and not at the picture behind it."""
    clean_end = min(shot.clean_end_seconds, end_seconds)
    return dataclasses.replace(shot, end_seconds=end_seconds, clean_end_seconds=clean_end)


def _shot(
    video_id: str,
    seconds: list[float],
    frames: tuple[int, int],
    clean_frames: tuple[int, int],
    score: float | None,
) -> Shot:
    return Shot(
        shot_id=span_id(video_id, "shot", *frames),
        video_id=video_id,
        start_frame=frames[0],
        end_frame=frames[1],
        start_seconds=seconds[frames[0]],
        end_seconds=seconds[frames[1]],
        clean_start_seconds=seconds[clean_frames[0]],
        clean_end_seconds=seconds[clean_frames[1]],
        cut_score=score,
    )


def _merge_fragments(shots: list[Shot], config: ShotConfig, breaks: Mapping[int, float]) -> list[Shot]:
    """Give fragments at the file's ends, too short to be shots, to their neighbour as unclean."""

    def is_fragment(shot: Shot, border: int) -> bool:
        return len(shots) > 1 and border not in breaks and _length(shot) < config.min_shot_seconds

    if is_fragment(shots[-1], shots[-1].start_frame):
        previous, last = shots[-2], shots.pop()
        shots[-1] = dataclasses.replace(
            previous,
            shot_id=span_id(previous.video_id, "shot", previous.start_frame, last.end_frame),
            end_frame=last.end_frame,
            end_seconds=last.end_seconds,
        )
    if is_fragment(shots[0], shots[0].end_frame):
        first, following = shots.pop(0), shots[0]
        shots[0] = dataclasses.replace(
            following,
            shot_id=span_id(first.video_id, "shot", first.start_frame, following.end_frame),
            start_frame=first.start_frame,
            start_seconds=first.start_seconds,
            cut_score=None,
        )
    return shots


def _length(shot: Shot) -> float:
    return shot.clean_end_seconds - shot.clean_start_seconds
