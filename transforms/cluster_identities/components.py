"""Connected components: who is tied to whom through any number of others, without one place that knows all.

Hash-to-Min (Rastogi, Machanavajjhala, Chitnis and Das Sarma 2013, Finding connected components in map-reduce
in logarithmic rounds, ICDE): every id keeps a cluster of ids; in a round it sends its cluster to the
smallest of it and that smallest id to all the others. Once nothing changes the smallest id of a component
has all of it, and the others have that id alone. Clusters begin as groups found elsewhere, which saves the
first rounds.

    a-b-c-d    a:{abcd}  b:{a}  c:{a}  d:{a}
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Message = tuple[str, tuple[str, ...]]


def tie(group: Iterable[str]) -> Iterator[Message]:
    """Yield what a group's members are told: the smallest of all of them, the others of the smallest."""
    ordered = sorted(set(group))
    if len(ordered) < 2:
        return
    yield ordered[0], tuple(ordered)
    for other in ordered[1:]:
        yield other, (ordered[0],)


def pass_on(_: str, told: Iterable[Sequence[str]]) -> Iterator[Message]:
    """Yield what an id that was told of some ids tells these: a round of Hash-to-Min."""
    return tie(name for names in told for name in names)


def label_of(name: str, told: Iterable[Sequence[str]]) -> str:
    """Return the smallest id that an id has been told of, its own if of none."""
    return min((other for names in told for other in names), default=name)


def unsettled(name: str, told: Iterable[Sequence[str]]) -> list[tuple[str, str]]:
    """Return pairs of ids of one component that do not know of each other yet; empty when rounds are done.

    The smallest of an id's cluster is its label, and the others of the cluster may have another one.
    """
    known = sorted({other for names in told for other in names})
    if not known or known[0] >= name or len(known) == 1:
        return []
    return [(known[0], other) for other in known[1:]]


def components(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return for every id in a pair the smallest id of its connected component."""
    names: dict[str, int] = {}
    ends = [(names.setdefault(a, len(names)), names.setdefault(b, len(names))) for a, b in pairs]
    if not ends:
        return {}
    rows, columns = np.array(ends).T
    graph = coo_matrix((np.ones(len(ends), np.bool_), (rows, columns)), shape=(len(names), len(names)))
    _, labels = connected_components(graph, directed=False)
    smallest: dict[int, str] = {}
    for name, label in zip(names, labels.tolist(), strict=True):
        smallest[label] = min(smallest.get(label, name), name)
    return {name: smallest[label] for name, label in zip(names, labels.tolist(), strict=True)}
