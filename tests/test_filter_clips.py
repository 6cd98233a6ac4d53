"""Rules on scores: off, score-only and on; the first broken rule is the reason, the others are kept."""

import dataclasses

import pytest

from schemas.outcomes import BadInputError
from schemas.stages import FILTER_STAGES
from tests.makers import make_audio, make_clip
from transforms.filter_clips import (
    DEFAULT_RULES,
    Rule,
    failed_rules,
    is_score,
    judge_clip,
    score_of,
)

RATIO = Rule(name="little_speech", field="audio.speech_ratio", stage="audio", minimum=0.5)
NOISE = Rule(name="noisy", field="audio.snr_db", stage="audio", minimum=10.0, maximum=60.0)


def clip_with(**audio: float | None):
    return make_clip(audio=make_audio(**audio))


@pytest.mark.parametrize(("ratio", "stays"), [(0.49, False), (0.5, True), (0.9, True)])
def test_a_score_on_the_bound_stays(ratio: float, stays: bool) -> None:
    assert (judge_clip(clip_with(speech_ratio=ratio), [RATIO], "audio") is None) == stays


@pytest.mark.parametrize(("snr", "bound"), [(9.0, 10.0), (61.0, 60.0)])
def test_both_bounds_hold(snr: float, bound: float) -> None:
    ((rule, score, broken),) = failed_rules(clip_with(snr_db=snr), [NOISE], "audio")
    assert (rule, score, broken) == (NOISE, snr, bound)


def test_what_was_not_computed_is_not_rejected() -> None:
    assert judge_clip(clip_with(snr_db=None), [NOISE], "audio") is None
    assert judge_clip(make_clip(), [NOISE, RATIO], "audio") is None


@pytest.mark.parametrize("mode", ["off", "score"])
def test_rules_that_are_not_on_reject_nothing(mode) -> None:
    assert judge_clip(clip_with(speech_ratio=0.0), [dataclasses.replace(RATIO, mode=mode)], "audio") is None


def test_rules_of_other_stages_wait_for_theirs() -> None:
    assert judge_clip(clip_with(speech_ratio=0.0), [RATIO], "look") is None


def test_the_first_broken_rule_is_the_reason_and_the_others_are_named() -> None:
    clip = clip_with(speech_ratio=0.1, snr_db=1.0)
    why = judge_clip(clip, [NOISE, RATIO], "audio")
    assert why is not None
    assert (why.reason, why.also, why.score, why.threshold) == ("noisy", ("little_speech",), 1.0, 10.0)
    assert (why.subject_id, why.stage, why.level) == (clip.clip_id, "filter_audio", "clip")
    assert why.seconds == clip.duration_seconds


def test_every_default_rule_is_on_a_score_that_clips_have() -> None:
    for rule in DEFAULT_RULES:
        assert is_score(rule.field) and rule.stage in FILTER_STAGES, rule
        assert rule.minimum is not None or rule.maximum is not None
    assert len({r.name for r in DEFAULT_RULES}) == len(DEFAULT_RULES)


@pytest.mark.parametrize("path", ["other_face_ratio", "num_frames", "duration_seconds", "audio.snr_db"])
def test_numbers_are_scores(path: str) -> None:
    assert is_score(path)
    assert isinstance(score_of(clip_with(snr_db=3.0), path), float)


@pytest.mark.parametrize(
    "path", ["", "audio", "audio.vad", "audio.snr", "split", "crop_xyxy", "transcript.words"]
)
def test_other_fields_are_not(path: str) -> None:
    assert not is_score(path)


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(BadInputError, match="AudioQuality has no 'snr'"):
        score_of(clip_with(), "audio.snr")
