"""Divide a clip that was looked at: its pieces between the jump cuts that only its landmarks show.

    clip    [===========================|====|===============)     |: the face leaps
    pieces  [===========================)    [===============)     proposed again, as the survey would have
    lost                                |xxxx|                     x: too short, jump_cut

Whoever reads the chain sees the pieces as clips of their own, and what lies between as lost to the cut.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from schemas.ids import span_id
from schemas.outcomes import Rejection, span_rejection
from schemas.records.clip import Clip, PieceOf
from schemas.records.picture import FaceJump
from schemas.records.video import FaceTrack
from transforms.geometry import boxes_at
from transforms.propose_clips.config import ClipConfig

_ROUNDING_SECONDS = 1e-6


def pieces_between_jumps(clip: Clip, track: FaceTrack, max_jump: float, config: ClipConfig) -> list[Clip]:
    """Return the pieces of a clip between the jumps of its face that are long enough and large enough.

    They keep the clip's crop and know nothing yet of what the stages had found of it. Without a jump above
    `max_jump`, or where no piece is left, there are none: the clip stays whole.
    """
    cuts = _cuts(clip, max_jump)
    if not cuts:
        return []
    starts = [clip.start_seconds, *(cut.after_seconds for cut in cuts)]
    ends = [_end_before(start, cut, clip.fps) for start, cut in zip(starts, cuts, strict=False)]
    ends.append(starts[-1] + _frames(clip.end_seconds - starts[-1], clip.fps) / clip.fps)
    pieces = [_piece(clip, track, (start, end)) for start, end in zip(starts, ends, strict=True)]
    return [
        piece
        for piece in pieces
        if piece.num_frames >= config.min_frames and piece.face_height_px >= config.min_face_height_px
    ]


def lost_to_jumps(clip: Clip, pieces: Sequence[Clip], max_jump: float) -> list[Rejection]:
    """Return what a clip's pieces leave of it, each with its sharpest jump, if half a frame long."""
    edges = [clip.start_seconds, *(e for p in pieces for e in (p.start_seconds, p.end_seconds))]
    edges.append(clip.end_seconds)
    gaps = zip(edges[::2], edges[1::2], strict=True)
    spans = [(start, end) for start, end in gaps if end - start > 0.5 / clip.fps]
    return [_lost(clip, span, _cuts(clip, max_jump), max_jump) for span in spans]


def _cuts(clip: Clip, max_jump: float) -> list[FaceJump]:
    return [jump for jump in clip.face_jumps if jump.score > max_jump]


def _frames(seconds: float, fps: float) -> int:
    return max(math.floor(seconds * fps + _ROUNDING_SECONDS), 0)


def _end_before(start: float, cut: FaceJump, fps: float) -> float:
    """Return where a piece ends whose frames, each of the nearest picture, show none of after the cut."""
    middle = 0.5 * (cut.before_seconds + cut.after_seconds)
    shown = math.ceil((middle - start) * fps - _ROUNDING_SECONDS)
    return start + min(max(shown, 0), _frames(cut.after_seconds - start, fps)) / fps


def _piece(clip: Clip, track: FaceTrack, span: tuple[float, float]) -> Clip:
    start, end = span
    boxes = boxes_at(track, np.linspace(start, end, max(int((end - start) * 4), 2)))
    ids = (round(start * 1e6), round(end * 1e6), clip.track_id, clip.crop_xyxy, clip.fps)
    surveyed = tuple(artefact for artefact in clip.artefacts if artefact.stage == "survey")
    later = tuple(artefact for artefact in clip.artefacts if artefact not in surveyed)
    fields: dict[str, Any] = {
        field.name: getattr(clip, field.name)
        for field in dataclasses.fields(Clip)
        if field.default is dataclasses.MISSING
    }
    fields |= {
        "clip_id": span_id(clip.video_id, "clip", *ids),
        "start_seconds": start,
        "end_seconds": end,
        "num_frames": round((end - start) * clip.fps),
        "face_height_px": float(np.median(boxes[:, 3] - boxes[:, 1])),
        "piece_of": PieceOf(clip_id=clip.clip_id, start_seconds=clip.start_seconds, artefacts=later),
        "artefacts": surveyed,
    }
    return Clip(**fields)


def _lost(clip: Clip, span: tuple[float, float], cuts: Sequence[FaceJump], max_jump: float) -> Rejection:
    start, end = span
    near = 1.0 / clip.fps
    here = [cut for cut in cuts if start - near <= cut.after_seconds <= end + near]
    return span_rejection(
        span,
        part_of=clip.clip_id,
        kind="lost",
        stage="filter_look",
        video_id=clip.video_id,
        source_name=clip.source.name,
        reason="jump_cut",
        score=max(cut.score for cut in here or cuts),
        threshold=max_jump,
    )
