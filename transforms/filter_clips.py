"""Filter clips: rules on scores, each off, score-only or on. All scores stay in the tables."""

import math
import types
from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin

from schemas.adults import ADULT_YEARS
from schemas.bounds import Signed
from schemas.outcomes import BadInputError, Rejection, clip_rejection
from schemas.plain import hints_of
from schemas.records.clip import Clip
from schemas.stages import FILTER_STAGES

Mode = Literal["off", "score", "on"]
# A clip that passes the present rules, but that earlier ones turned down before it was decoded.
NEVER_DECODED = "never_decoded"
_JUMP = "landmarks.face_jump"


def is_score(path: str) -> bool:
    """Return whether a path leads from a clip to a number."""
    kind: Any = Clip
    for name in str(path).split("."):
        if isinstance(getattr(kind, name, None), property):
            kind = float
            continue
        hint = hints_of(kind).get(name) if is_dataclass(kind) else None
        optional = get_origin(hint) in (Union, types.UnionType)
        kind = next((a for a in get_args(hint) if a is not types.NoneType), None) if optional else hint
    return kind in (int, float)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A bound on one score. `field` is a path such as `audio.speech_ratio`.

    A score that was not computed (None) does not fail a rule: what is unknown is not rejected.
    `stage` says after which stage the rule is applied; early rules save later work.
    """

    name: str
    field: str
    stage: str
    minimum: Signed | None = None
    maximum: Signed | None = None
    mode: Mode = "on"

    def __post_init__(self) -> None:
        """Refuse a rule that cannot be applied; a bound is the same bound with and without a point."""
        for name in ("minimum", "maximum"):
            if isinstance(bound := getattr(self, name), int):
                object.__setattr__(self, name, float(bound))
        if self.stage not in FILTER_STAGES:
            raise BadInputError(f"filter.rules.{self.name}: stage is one of {', '.join(FILTER_STAGES)}")
        if not is_score(self.field):
            raise BadInputError(f"filter.rules.{self.name}: clips have no score {self.field!r}")


def score_of(clip: Clip, path: str) -> float | None:
    """Return the score at a path, None if it or a record above it was not computed.

    Raises:
        BadInputError: if there is no such field.
    """
    value: Any = clip
    for name in path.split("."):
        if value is None:
            return None
        if not hasattr(value, name):
            raise BadInputError(f"filter rule on {path!r}: a {type(value).__name__} has no {name!r}")
        value = getattr(value, name)
    return None if value is None else float(value)


def failed_rules(clip: Clip, rules: Sequence[Rule], stage: str) -> list[tuple[Rule, float, float]]:
    """Return the rules of a stage that a clip breaks, with its score and the bound."""
    broken: list[tuple[Rule, float, float]] = []
    for rule in rules:
        if rule.stage != stage or rule.mode != "on":
            continue
        score = score_of(clip, rule.field)
        if score is None:
            continue
        if rule.minimum is not None and score < rule.minimum:
            broken.append((rule, score, rule.minimum))
        elif rule.maximum is not None and score > rule.maximum:
            broken.append((rule, score, rule.maximum))
    return broken


def judge_clip(clip: Clip, rules: Sequence[Rule], stage: str) -> Rejection | None:
    """Return why a clip is rejected after a stage, or None if it stays."""
    broken = failed_rules(clip, rules, stage)
    if not broken:
        return None
    rule, score, bound = broken[0]
    also = tuple(r.name for r, _, _ in broken[1:])
    return clip_rejection(clip, f"filter_{stage}", rule.name, score, bound, also)


def max_jump(rules: Sequence[Rule]) -> float:
    """Return how sharply a face may leap before the clip is divided there; infinite where no rule says so."""
    bounds = [r.maximum for r in rules if r.mode == "on" and r.field == _JUMP and r.maximum is not None]
    return min(bounds, default=math.inf)


# What is rejected by default and why. Bounds were set on videos of public talking-head sets so
# that plain talkers pass; each can be changed, scored only or switched off by name in a config.
DEFAULT_RULES: tuple[Rule, ...] = (
    # All faces are looked at and the speaking one is kept (another_speaks); on, this rule saves that work.
    Rule(name="several_faces", stage="propose", field="other_face_ratio", maximum=0.6, mode="score"),
    # The crop ends before another face where it can; one that is still in it is in every picture of the clip.
    Rule(name="second_face", stage="propose", field="second_face_ratio", maximum=0.4),
    # Quiet speech is made louder before anybody listens; below this 16 bits hold little of it.
    Rule(name="silent_audio", stage="audio", field="audio.rms_dbfs", minimum=-75.0),
    Rule(name="no_speech", stage="audio", field="audio.speech_ratio", minimum=0.3),
    # Singing and music that the detector half takes for speech stay well below 0.8, speech above 0.9.
    Rule(name="unsure_speech", stage="audio", field="audio.speech_probability", minimum=0.8),
    Rule(name="clipped_audio", stage="audio", field="audio.clipping_ratio", maximum=0.02),
    Rule(name="noisy_audio", stage="audio", field="audio.snr_db", minimum=3.0),
    # 40 people alone have 0.11 to 0.30; of halves of two people joined 98 % lie above 0.36, 92 % above 0.4.
    # Those below are left to speaks_in_part.
    Rule(name="speaker_changes", stage="audio", field="voice.change_score", maximum=0.38),
    Rule(name="several_voices", stage="audio", field="voice.num_voices", maximum=1),
    Rule(name="damaged_pictures", stage="look", field="quality.damaged_frames", maximum=0),
    Rule(name="face_not_seen", stage="look", field="landmarks.face_ratio", minimum=0.95),
    Rule(name="face_lost", stage="look", field="landmarks.longest_face_gap_seconds", maximum=0.2),
    # A clip is divided at its jumps; this is about what cannot be, or still has one.
    Rule(name="jump_cut", stage="look", field=_JUMP, maximum=3.2),
    Rule(name="still_picture", stage="look", field="quality.stillness_ratio", maximum=0.6),
    Rule(name="lips_still", stage="look", field="quality.mouth_motion", minimum=0.004),
    Rule(name="blurred_face", stage="look", field="quality.sharpness", minimum=8.0),
    Rule(name="dark_face", stage="look", field="quality.face_luma", minimum=25.0),
    Rule(name="bright_face", stage="look", field="quality.face_luma", maximum=240.0),
    Rule(name="turned_away", stage="look", field="quality.yaw_degrees", minimum=-70.0, maximum=70.0),
    Rule(name="text_over_picture", stage="look", field="quality.text_area_ratio", maximum=0.15),
    Rule(name="text_over_face", stage="look", field="quality.text_over_face_ratio", maximum=0.05),
    Rule(name="shaky_camera", stage="look", field="quality.camera_motion", maximum=0.5, mode="score"),
    Rule(name="few_hands", stage="look", field="landmarks.any_hand_ratio", minimum=0.1, mode="score"),
    # Bounds of sync from the operating curve in docs/sync.md.
    Rule(name="another_speaks", stage="sync", field="sync.rival_margin", minimum=0.0),
    Rule(name="another_speaks_in_part", stage="sync", field="sync.weakest_margin", minimum=-0.1),
    Rule(name="off_screen_voice", stage="sync", field="sync.lip_activity", minimum=0.05),
    Rule(name="lips_say_something_else", stage="sync", field="sync.sync_confidence", minimum=0.26),
    # 39 talkers have 0.14 and more; with 3 s of another voice over their shut or other lips 98 % have less.
    Rule(name="speaks_in_part", stage="sync", field="sync.weakest_agreement", minimum=0.1),
    Rule(name="sound_out_of_sync", stage="sync", field="sync.av_offset_frames", minimum=-12, maximum=12),
    # Moved by less than the lips say: the clips of the video, or the halves of this one, disagree.
    Rule(name="offset_unclear", stage="sync", field="sync.unrepaired_frames", maximum=0),
    # Read speech has 4.7 (Thai) to 8 (Japanese) syllables a second and varies by a fifth among people (Coupé
    # et al. 2019, doi 10.1126/sciadv.aaw2594); more than this is a recogniser that repeats itself.
    Rule(name="babbled_words", stage="words", field="transcript.syllables_per_second", maximum=12.0),
    Rule(name="unsure_words", stage="words", field="transcript.mean_log_probability", minimum=-1.5),
    Rule(name="doubtful_words", stage="words", field="transcript.doubtful_ratio", maximum=0.5),
    # Good fits leave the face 0.5 to 1.2 % of its height, hands 1.2 to 3.2 %, bodies below 13 %.
    Rule(name="face_not_fitted", stage="body", field="body_fit.face_error", maximum=0.02),
    Rule(name="body_not_fitted", stage="body", field="body_fit.body_error", maximum=0.2),
    # A hand that is seen and fitted badly is masked; where that is most frames, the clip is odd.
    Rule(name="hands_not_fitted", stage="body", field="body_fit.hand_misfit_ratio", maximum=0.5),
    Rule(name="fit_held_by_priors", stage="body", field="body_fit.face_valid_ratio", minimum=0.9),
    Rule(name="body_flips", stage="body", field="body_fit.num_flips", maximum=0),
    # Quick gestures reach 60 m/s^2 at the wrist; more than twice that is a hand that jumps.
    Rule(name="body_jumps", stage="body", field="body_fit.max_acceleration", maximum=130.0),
    # Other words than those declared agree on 0.4 of the letters, misheard ones on 0.75 and more.
    Rule(name="other_words", stage="words", field="transcript.declared_match", minimum=0.6),
    # After people are found, so that all clips of one are judged alike. A margin is in the score (`minors`).
    Rule(name="may_be_minor", stage="people", field="age_bound.unguarded_years", minimum=ADULT_YEARS),
)
