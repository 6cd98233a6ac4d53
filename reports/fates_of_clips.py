"""What became of a clip, in plain words: its scores against their rules, and what there is of it.

Pure: a row of the clips table in, lines out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import formats, reasons, score_words
from reports.fates import Row, ending, hint, outcome_lines, time_of, wrapped
from reports.reasons import Rule
from reports.remedies import bound_of
from schemas.merges import IdentityMerge
from schemas.stages import FILTER_STAGES

# A margin below this share of its bound is called narrow.
_NARROW = 0.2
_MOST_MERGES = 5
_MADE_BY = {
    "one_track": "one followed face",
    "registered": "an earlier run took them for one",
    "likeness": "likeness",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A rule with a clip's score, and by how much the nearest bound is kept (negative: broken)."""

    rule: Rule
    score: float | None
    margin: float | None
    which: str

    @property
    def is_narrow(self) -> bool:
        """Whether the score passed, but near to its bound."""
        bound = self.rule.minimum if self.which == "minimum" else self.rule.maximum
        if self.margin is None or not bound or self.rule.mode != "on":
            return False
        return 0 < self.margin < _NARROW * abs(bound)


def clip_lines(
    clip: Row,
    outcome: Row | None,
    rules: list[Rule],
    merges: Sequence[IdentityMerge],
    artefacts: Sequence[tuple[str, str]],
) -> list[str]:
    """Return what became of a clip.

    Args:
        clip: its row of the clips table.
        outcome: its row of the rejections or failures table, None if it has none.
        merges: what made it, or the clips that go by its key, one person with others.
        artefacts: the name of what each stage made, and what there is of it.
    """
    judged = [judge(rule, clip) for rule in rules]
    lines = [
        *wrapped(f"Clip {clip['clip_id']} of {formats.prose(clip['source_name'])}"),
        *wrapped(f"{time_of(clip)}: {ending(clip)}", 2),
    ]
    lines += [] if outcome is None else outcome_lines(outcome, rules, 2)
    for stage in FILTER_STAGES:
        here = [j for j in judged if j.rule.stage == stage]
        lines += ["", *wrapped(f"Rules after {stage}"), *_rules_lines(here)] if here else []
    narrow = sorted((j for j in judged if j.is_narrow), key=lambda j: j.margin or 0.0)
    if narrow:
        near = ", ".join(f"{j.rule.name} by {_amount(j)} ({bound_of(j.rule, j.which)})" for j in narrow)
        lines += ["", *wrapped(f"Passed narrowly: {near}")]
    if merges:
        lines += ["", "What made it one person with others"]
        lines += [line for merge in merges[:_MOST_MERGES] for line in wrapped(_merge_text(merge), 2)]
    lines += ["", "What the stages made"]
    lines += [line for name, there in artefacts for line in wrapped(f"{name}: {there}", 2)]
    return [*lines, *hint([outcome] if outcome and "reason" in outcome else [], rules)]


def _merge_text(merge: IdentityMerge) -> str:
    sides = " and ".join(
        f"{name}{'' if num == 1 else f' with {num - 1} more'}"
        for name, num in (
            (merge.first_clip_id, merge.first_num_clips),
            (merge.second_clip_id, merge.second_num_clips),
        )
    )
    voices = "no voices to compare"
    if merge.voice_distance is not None:
        voices = f"voices {merge.voice_distance:.2f} apart, which adds {merge.voice_evidence:+.2f}"
    return (
        f"{sides}: {_MADE_BY[merge.made_by]}; faces {merge.face_distance:.2f} apart, {voices}; "
        f"score {merge.score:.2f}, threshold {merge.threshold:.2f} (identities.merge_distance squared, "
        "less among very many people)"
    )


def judge(rule: Rule, clip: Row) -> Judged:
    """Return how a clip stands to a rule."""
    score = _score(clip, rule.field)
    if score is None or (rule.minimum is None and rule.maximum is None):
        return Judged(rule=rule, score=score, margin=None, which="minimum")
    margins = [(score - rule.minimum, "minimum")] if rule.minimum is not None else []
    margins += [(rule.maximum - score, "maximum")] if rule.maximum is not None else []
    margin, which = min(margins)
    return Judged(rule=rule, score=score, margin=margin, which=which)


def _score(clip: Mapping[str, Any], field: str) -> float | None:
    if field == "duration_seconds":
        return clip["num_frames"] / clip["fps"]
    value = clip.get(field)
    return None if value is None else float(value)


def _amount(judged: Judged) -> str:
    return score_words.with_unit(judged.rule.field, abs(judged.margin or 0.0))


def _rules_lines(judged: Sequence[Judged]) -> list[str]:
    if all(j.score is None for j in judged):
        return wrapped("no scores: the clip did not get here, or there was nothing to measure", 2)
    return [line for j in judged for line in wrapped(_rule_text(j), 2)]


def _rule_text(judged: Judged) -> str:
    rule = judged.rule
    name = score_words.FIELDS.get(rule.field, (reasons.title(rule.field),))[0]
    if judged.score is None:
        return f"{rule.name}: {name} not computed, so not judged"
    measured = f"{rule.name}: {name} {score_words.with_unit(rule.field, judged.score)}"
    if judged.margin is None:
        return f"{measured}; the rule has no bound"
    verdict = f"passed by {_amount(judged)}" if judged.margin >= 0 else f"missed by {_amount(judged)}"
    if judged.margin == 0:
        verdict = "passed, on the bound"
    force = (
        "" if rule.mode == "on" else f"; the rule is {'off' if rule.mode == 'off' else 'for the score only'}"
    )
    return f"{measured}, wanted {rule.bounds}: {verdict}{force}"
