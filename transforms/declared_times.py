"""When declared words are said, told by the heard ones whose letters they share.

    declared   सभी मनुष्यों को     letters of both are matched in order (Ratcliff & Obershelp 1988);
    heard      सबी मनुष्य को       a word begins and ends where its letters lie between matched ones

For languages that no aligner knows: without it, words that a manifest declares would have no place.
"""

import difflib
import itertools
from collections.abc import Sequence

import numpy as np

Span = tuple[float, float]


def times_as_heard(declared: Sequence[str], heard: Sequence[tuple[str, Span]]) -> list[Span | None]:
    """Return when each declared word is said, in seconds; None for one that shares no letter.

    Args:
        declared: the letters of each word, as `heard` has them.
        heard: the letters of each heard word, with its span.
    """
    text, said = "".join(declared), "".join(letters for letters, _ in heard)
    begins, ends = _letter_times(heard)
    blocks = difflib.SequenceMatcher(None, text, said, autojunk=False).get_matching_blocks()
    pairs = [(block.a + k, block.b + k) for block in blocks for k in range(block.size)]
    if not pairs:
        return [None] * len(declared)
    here = np.array([place for place, _ in pairs])
    # Letters that were heard otherwise lie between those around them.
    begin = np.interp(np.arange(len(text)), here, [begins[there] for _, there in pairs])
    end = np.interp(np.arange(len(text)), here, [ends[there] for _, there in pairs])
    found: list[Span | None] = []
    before_next = np.inf  # a word ends before the next one begins
    for first, last in reversed(list(itertools.pairwise([0, *itertools.accumulate(map(len, declared))]))):
        if not ((here >= first) & (here < last)).any():
            found.append(None)
            continue
        start = float(begin[first])
        found.append((start, float(max(min(end[last - 1], before_next), start))))
        before_next = start
    return found[::-1]


def _letter_times(heard: Sequence[tuple[str, Span]]) -> tuple[list[float], list[float]]:
    """Return when each letter begins and ends if a word's letters share its time equally."""
    begins: list[float] = []
    ends: list[float] = []
    for letters, (start, end) in heard:
        edges = np.linspace(start, end, len(letters) + 1).tolist()
        begins += edges[:-1]
        ends += edges[1:]
    return begins, ends
