"""Tables of two attributes in which no cell shows few people: rows and columns joined until none does.

Global recoding of a two-way table (Willenborg & de Waal 2001, section 1.4). All that is published of the two
attributes together comes from the table that is left, so nothing tells how a joined cell divides.
"""

import numpy as np

from transforms.summarise_bias.columns import Ints


def collapse(people: Ints, first: Ints, second: Ints, min_people: int) -> tuple[Ints, Ints] | None:
    """Return which row and which column of the joined table each row (k) and column (m) belongs to.

    Where a cell has few people, of its row and its column the one with fewer people is joined with the
    smallest other one. None if fewer than two rows or columns are left: then nothing is shown.

    Args:
        people, first, second: whom each of n clips shows and its two numbers.
    """
    if not len(first):
        return None
    rows, columns = (np.arange(int(codes.max()) + 1) for codes in (first, second))
    people, first, second = np.unique(np.stack([people, first, second]), axis=1)
    while True:
        table = _people_table(people, rows[first], columns[second])
        sizes = table.sum(axis=1), table.sum(axis=0)
        if min(np.count_nonzero(size) for size in sizes) < 2:
            return None
        few = np.argwhere((table > 0) & (table < min_people))
        if not len(few):
            return rows, columns
        lines = {(int(sizes[axis][cell[axis]]), axis, int(cell[axis])) for cell in few for axis in (0, 1)}
        _, axis, line = min(lines)
        _join(columns if axis else rows, sizes[axis], line)


def _join(places: Ints, sizes: Ints, line: int) -> None:
    """Join a line with the smallest other one, under the lower number."""
    others = [i for i in np.flatnonzero(sizes).tolist() if i != line]
    other = min(others, key=lambda i: (sizes[i], i))
    places[places == max(line, other)] = min(line, other)


def _people_table(people: Ints, first: Ints, second: Ints) -> Ints:
    """Return how many people are in each cell (k, m)."""
    shape = int(first.max()) + 1, int(second.max()) + 1
    places = np.unique((people * shape[0] + first) * shape[1] + second) % (shape[0] * shape[1])
    return np.bincount(places, minlength=shape[0] * shape[1]).reshape(shape)


def has_few(people: Ints, first: Ints, second: Ints, min_people: int) -> bool:
    """Return whether any cell of two numbers of n clips has few people, but some."""
    table = _people_table(people, first, second) if len(people) else np.zeros((0, 0))
    return bool(((table > 0) & (table < min_people)).any())
