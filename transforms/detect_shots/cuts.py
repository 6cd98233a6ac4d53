"""Find cuts in the scores of a video's frames."""

from collections.abc import Sequence

import numpy as np

from transforms.detect_shots.scan import FloatArray, ShotConfig, ShotScores

Cut = tuple[int, int, float | None]  # see find_cuts


def find_cuts(scores: ShotScores, config: ShotConfig) -> list[Cut]:
    """Return cuts as (last frame of the old shot + 1, first frame of the new shot, score).

    The two numbers are equal for a hard cut; between them lies a gradual transition. The score is
    TransNet V2's chance of a cut, None where the jump decided without it.
    """
    content = np.asarray(scores.content)
    # TransNet V2 marks the last frame before a cut; shift so that a cut names its first frame.
    cut = np.zeros(len(content))
    for frame, probability in scores.cut.items():
        if frame + 1 < len(cut):
            cut[frame + 1] = probability
    sure = np.flatnonzero(cut >= config.sure_probability).tolist()
    hits = sorted({*scores.jumps, *scores.leaps, *sure})
    return [_transition(group, scores, cut, content, config) for group in _groups(hits)]


def _groups(hits: Sequence[int]) -> list[list[int]]:
    """Join hits that are at most three frames apart: one transition."""
    groups: list[list[int]] = []
    for hit in hits:
        if groups and hit - groups[-1][-1] <= 3:
            groups[-1].append(hit)
        else:
            groups.append([hit])
    return groups


def _transition(
    group: list[int],
    scores: ShotScores,
    cut: FloatArray,
    content: FloatArray,
    config: ShotConfig,
) -> Cut:
    peak = max(group, key=lambda i: (content[i], -i))
    looked_at = [float(cut[i]) for i in group if i - 1 in scores.cut]
    score = max(looked_at, default=None)
    if leaps := set(group) & set(scores.leaps):
        return min(leaps), min(leaps), score
    others = [content[i] for i in range(max(peak - 3, 1), min(peak + 4, len(content))) if i != peak]
    if content[peak] >= 3.0 * max([0.5, float(np.median(others)) if others else 0.5]):
        return peak, peak, score  # one frame does it all: a hard cut
    start, end = group[0], group[-1]
    while start > 1 and scores.transition.get(start - 1, 0.0) >= config.transition_probability:
        start -= 1
    limit = len(content) - 1
    # Where everything moves, the transition is what moves twice as much as a second around it.
    usual = float(np.median(content[max(start - 25, 1) : end + 26]))
    floor = max(0.3 * float(content[start : end + 1].max()), 2.0 * usual)
    while end < limit and (
        scores.transition.get(end, 0.0) >= config.transition_probability or content[end] >= floor
    ):
        end += 1
    while start > 1 and content[start - 1] >= floor:
        start -= 1
    return start, end, score
