"""Clustering: chains are not followed, certainty is kept, components and blocks are what they say."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import cluster_identities as ci

CONFIG = ci.IdentityConfig(merge_distance=1.0)


def face(name: str, *place: float, **changes: Any) -> ci.Face:
    """Return a face at a place, in a shot and track of its own."""
    fields: dict[str, Any] = {
        "clip_id": name,
        "descriptor": np.array(place, np.float32),
        "stranger_distance": 1.0,
        "shot_id": f"shot {name}",
        "track_id": f"track {name}",
        "start_seconds": 0.0,
        "end_seconds": 4.0,
    }
    return ci.Face(**(fields | changes))


def people(faces: Sequence[ci.Face]) -> list[str]:
    return ["".join(faces[i].clip_id for i in group) for group in ci.link_component(faces, CONFIG)]


def test_a_chain_of_lookalikes_is_not_one_person() -> None:
    chain = [face(name, 0.8 * i) for i, name in enumerate("abcdef")]
    found = people(chain)
    assert len(found) >= 3 and max(map(len, found)) <= 2


def test_distances_are_relative_to_strangers() -> None:
    assert people([face("a", 0.0), face("b", 1.1)]) == ["a", "b"]
    far = [face("a", 0.0, stranger_distance=1.2), face("b", 1.1, stranger_distance=1.2)]
    assert people(far) == ["ab"]
    near = [face("a", 0.0, stranger_distance=0.5), face("b", 0.8, stranger_distance=0.5)]
    assert people(near) == ["a", "b"]


def test_one_track_is_one_person_and_others_beside_it_are_not() -> None:
    assert people([face("a", 0.0, track_id="t"), face("b", 9.0, track_id="t")]) == ["ab"]
    beside = {"shot_id": "s"}
    assert people([face("a", 0.0, **beside), face("b", 0.1, **beside)]) == ["a", "b"]
    later = {"shot_id": "s", "start_seconds": 4.0, "end_seconds": 8.0}
    assert people([face("a", 0.0, **beside), face("b", 0.1, **later)]) == ["ab"]


def test_registered_people_stay_apart_and_keep_their_names() -> None:
    faces = [face("a", 0.0, registered="x"), face("b", 0.1, registered="y"), face("c", 0.11)]
    groups = ci.link_component(faces, CONFIG)
    named = {m.clip_id: m.identity_id for m in ci.members_of(faces, groups, "salt")}
    assert named == {"a": "x", "b": "y", "c": "y"}


def test_a_new_person_is_named_by_the_smallest_clip_and_the_salt() -> None:
    assert ci.identity_id(["b", "a"], "s") == ci.identity_id(["a", "b", "c"], "s")
    assert ci.identity_id(["a"], "s") != ci.identity_id(["a"], "t")


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60))
def test_components_name_the_smallest_of_everything_reachable(pairs: list[tuple[int, int]]) -> None:
    named = ci.components([(f"{a:02}", f"{b:02}") for a, b in pairs])
    assert all(named[f"{a:02}"] == named[f"{b:02}"] for a, b in pairs)
    for name, root in named.items():
        assert root <= name and named[root] == root


def test_neighbour_pairs_are_all_near_pairs() -> None:
    random = np.random.default_rng(0)
    places = random.uniform(0, 3, (60, 2)).astype(np.float32)
    config = ci.IdentityConfig(merge_distance=0.5, neighbours=59)
    pairs, distances = ci.neighbour_pairs(places, np.ones(60, np.float32), config)
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1)
    wanted = {(i, j) for i in range(60) for j in range(i + 1, 60) if apart[i, j] <= 0.5}
    assert set(map(tuple, pairs.tolist())) == wanted
    assert distances == pytest.approx([apart[i, j] for i, j in pairs.tolist()], abs=1e-3)


@pytest.mark.parametrize("count", [0, 1])
def test_nobody_and_one_have_no_neighbours(count: int) -> None:
    pairs, distances = ci.neighbour_pairs(
        np.zeros((count, 4), np.float32), np.ones(count, np.float32), CONFIG
    )
    assert len(pairs) == len(distances) == 0


def test_blocks_divide_faces_and_overlap() -> None:
    faces = np.repeat(np.eye(4, dtype=np.float32) * 10, 20, axis=0)
    centres = ci.block_centres(faces, 4)
    assert centres.shape == (4, 4)
    homes = [ci.nearest_blocks(f, centres, 2) for f in faces]
    assert all(len(set(home)) == 2 for home in homes)
    assert len({home[0] for home in homes}) == 4
    assert ci.num_blocks(0, CONFIG) == 1 and ci.num_blocks(8_001, CONFIG) == 3
