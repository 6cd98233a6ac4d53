"""Clustering: chains are not followed, certainty is kept, components and blocks are what they say."""

import dataclasses
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identify import Placed, link, people_of
from transforms import cluster_identities as ci
from transforms.cluster_identities.linkage import linked_clusters, squared_distances
from transforms.face_blocks import block_centres, nearest_blocks, num_blocks

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


def linked(faces: Sequence[ci.Face]) -> list[list[int]]:
    strangers = np.array([f.stranger_distance for f in faces], np.float32)
    pairs, _ = ci.neighbour_pairs(np.array([f.descriptor for f in faces]), strangers, CONFIG)
    return ci.link_component(faces, pairs, CONFIG, CONFIG.merge_distance)


def people(faces: Sequence[ci.Face]) -> list[str]:
    return ["".join(faces[i].clip_id for i in group) for group in linked(faces)]


def told_after(rounds: int, groups: Iterable[Iterable[str]]) -> dict[str, list[tuple[str, ...]]]:
    """Return what every id has been told after so many rounds of messages."""
    messages = [message for group in groups for message in ci.tie(group)]
    for _ in range(rounds):
        told: dict[str, list[tuple[str, ...]]] = {}
        for name, names in messages:
            told.setdefault(name, []).append(names)
        messages = [message for name, names in told.items() for message in ci.pass_on(name, names)]
    found: dict[str, list[tuple[str, ...]]] = {}
    for name, names in messages:
        found.setdefault(name, []).append(names)
    return found


def settled(told: dict[str, list[tuple[str, ...]]]) -> dict[str, str]:
    """Return the label of every id that has been told anything."""
    left = ci.components(pair for name, names in told.items() for pair in ci.unsettled(name, names))
    labels = {name: ci.label_of(name, names) for name, names in told.items()}
    return {name: left.get(label, label) for name, label in labels.items()}


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
    groups = linked(faces)
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


@given(st.lists(st.lists(st.integers(0, 40), min_size=2, max_size=4), max_size=60), st.integers(0, 5))
def test_rounds_of_messages_find_the_components(groups: list[list[int]], rounds: int) -> None:
    """After any number of rounds: what they leave is settled."""
    named = [[f"{i:02}" for i in group] for group in groups]
    wanted = ci.components((group[0], other) for group in named for other in group[1:])
    found = settled(told_after(rounds, named))
    assert wanted == {name: found.get(name, name) for name in wanted}


def test_a_long_chain_is_settled_in_logarithmically_many_rounds() -> None:
    names = np.random.default_rng(0).permutation([f"{i:04}" for i in range(1000)]).tolist()
    left = [
        sum(len(ci.unsettled(name, told)) for name, told in told_after(rounds, pairwise(names)).items())
        for rounds in (4, 8, 12)
    ]
    assert left[0] > left[1] > left[2] == 0


def test_lookalikes_do_not_tie_people_of_several_clips() -> None:
    """Two people stand so that one clip of each is near one of the other; on average they are not."""
    faces = [face(f"a{i}", -0.6 * (i > 0)) for i in range(5)]
    faces += [face(f"b{i}", 0.9 + 0.6 * (i > 0)) for i in range(5)]
    found = ci.block_pairs(faces, CONFIG)
    assert sorted(found.groups) == [tuple(f"{n}{i}" for i in range(5)) for n in "ab"]
    assert not {(p.first, p.second) for p in found.pairs} & {("a0", "b0")}
    alike = ci.block_pairs(faces, ci.IdentityConfig(merge_distance=1.0, lookalike_distance=0.95))
    assert ("a0", "b0") in {(p.first, p.second) for p in alike.pairs} and alike.groups == found.groups


@pytest.mark.parametrize("seed", range(5))
def test_pairs_that_do_not_tie_change_nobody(seed: int) -> None:
    """Linking group by group finds the people that linking all at once does."""
    random = np.random.default_rng(seed)
    places = np.repeat(random.uniform(0, 9, (60, 2)), 4, axis=0) + random.normal(0, 0.25, (240, 2))
    faces = [face(f"{i:03}", *place) for i, place in enumerate(places)]
    number = {f.clip_id: i for i, f in enumerate(faces)}
    groups = [[number[name] for name in group] for group in ci.block_pairs(faces, CONFIG).groups]
    apart = [
        sorted(group[i] for i in person) for group in groups for person in linked([faces[i] for i in group])
    ]
    alone = [[i] for i in sorted(set(range(len(faces))) - {i for group in groups for i in group})]
    assert sorted(apart + alone) == linked(faces)
    assert max(map(len, groups)) < len(faces) / 2


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
    centres = block_centres(faces, 4)
    assert centres.centres.shape == (4, 4)
    homes = [nearest_blocks(f, centres, 2) for f in faces]
    assert all(len(set(home)) == 2 for home in homes)
    assert len({home[0] for home in homes}) == 4
    assert num_blocks(0, 4_000) == 1 and num_blocks(8_001, 4_000) == 3


# ---- Against direct computation over the members ------------------------------------------------------


def crowd(seed: int, count: int = 24) -> list[ci.Face]:
    """Return faces and voices of six people; of some clips no voice is known, some are of one track."""
    draw = np.random.default_rng(seed)
    faces: list[ci.Face] = []
    for i in range(count):
        place = 1.2 * np.eye(6)[i % 6] + draw.normal(0, 0.25, 6)
        voice = np.eye(8)[i % 6] + draw.normal(0, 0.25, 8)
        heard = (voice / np.linalg.norm(voice)).astype(np.float32) if draw.random() < 0.7 else None
        changes = {"stranger_distance": float(draw.uniform(0.8, 1.3)), "voice": heard}
        track = {"track_id": f"track {i // 6}", "shot_id": f"shot {i // 6}"} if draw.random() < 0.3 else {}
        faces.append(face(f"{i:02}", *place, **(changes | track)))
    return faces


def mean_squared(a: Sequence[ci.Face], b: Sequence[ci.Face], config: ci.IdentityConfig) -> float:
    """Return the mean over all pairs of members, one by one."""
    strangers = float(np.mean([f.stranger_distance for f in a]) * np.mean([f.stranger_distance for f in b]))
    total = 0.0
    for x in a:
        for y in b:
            total += float(((x.descriptor - y.descriptor) ** 2).sum()) / strangers
            if x.voice is not None and y.voice is not None:
                apart = 1.0 - float(x.voice @ y.voice)
                total += config.voice_weight * (apart - config.neutral_voice_distance)
    return total / (len(a) * len(b))


def brute_force(faces: Sequence[ci.Face], config: ci.IdentityConfig) -> list[list[int]]:
    """Return the people that average linkage finds when all pairs are computed anew at every step."""
    groups: dict[str, list[int]] = {}
    for i, one in enumerate(faces):
        groups.setdefault(one.track_id, []).append(i)
    people = list(groups.values())
    while len(people) > 1:
        distances = {
            (i, j): mean_squared([faces[k] for k in people[i]], [faces[k] for k in people[j]], config)
            for i in range(len(people))
            for j in range(i + 1, len(people))
        }
        (i, j), least = min(distances.items(), key=lambda item: item[1])
        if least > config.merge_distance**2:
            break
        people[i] = people[i] + people.pop(j)
    return sorted(sorted(person) for person in people)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("merge_distance", [0.6, 1.0, 1.4])
def test_linkage_is_what_all_pairs_of_members_say(seed: int, merge_distance: float) -> None:
    faces = crowd(seed)
    config = ci.IdentityConfig(merge_distance=merge_distance)
    pairs = np.array([(i, j) for i in range(len(faces)) for j in range(i + 1, len(faces))])
    assert ci.link_component(faces, pairs, config, config.merge_distance) == brute_force(faces, config)


def test_a_merge_tells_the_numbers_that_made_it() -> None:
    heard = {"a": np.array([1.0, 0.0], np.float32), "b": np.array([0.8, 0.6], np.float32)}
    faces = [
        face("b", 0.6, 0.0, voice=heard["b"], stranger_distance=1.2, registered="x"),
        face("a", 0.0, 0.0, voice=heard["a"]),
    ]
    groups, (merge,) = ci.explained_component(faces, np.array([[0, 1]]), CONFIG, 1.0)
    assert groups == [[0, 1]]
    assert (merge.first_clip_id, merge.second_clip_id, merge.made_by) == ("a", "b", "likeness")
    assert (merge.first_num_clips, merge.second_num_clips) == (1, 1)
    assert (merge.first_registered, merge.second_registered) == (None, "x")
    assert merge.first_stranger_distance == 1.0 and merge.second_stranger_distance == 1.2
    assert merge.face_distance == pytest.approx(np.sqrt(0.36 / 1.2), rel=1e-6)
    assert merge.voice_distance == pytest.approx(0.2, abs=1e-6) and merge.voice_pair_share == 1.0
    assert merge.voice_evidence == pytest.approx(1.5 * (0.2 - 0.28), abs=1e-6)
    assert merge.score == pytest.approx(0.36 / 1.2 - 0.12, abs=1e-6) and merge.threshold == 1.0
    assert (merge.neutral_voice_distance, merge.voice_weight) == (0.28, 1.5)


@pytest.mark.parametrize("seed", range(4))
def test_merges_make_the_people_and_each_tells_what_its_two_groups_say(seed: int) -> None:
    config = ci.IdentityConfig(merge_distance=1.0)
    certain = {"registered": ("03", "09", "15"), "track_id": ("04", "10")}
    faces = [
        dataclasses.replace(f, **{field: "one" for field, names in certain.items() if f.clip_id in names})
        for f in crowd(seed)
    ]
    pairs = np.array([(i, j) for i in range(len(faces)) for j in range(i + 1, len(faces))])
    people, merges = ci.explained_component(faces, pairs, config, config.merge_distance)
    assert people == ci.link_component(faces, pairs, config, config.merge_distance) and len(merges) == len(
        faces
    ) - len(people)
    assert {m.made_by for m in merges} == {"one_track", "registered", "likeness"}
    groups = {f.clip_id: [f] for f in faces}
    for merge in merges:
        first, second = groups[merge.first_clip_id], groups.pop(merge.second_clip_id)
        assert (len(first), len(second)) == (merge.first_num_clips, merge.second_num_clips)
        assert min(f.clip_id for f in first) == merge.first_clip_id < merge.second_clip_id
        assert merge.score == pytest.approx(mean_squared(first, second, config), abs=1e-5)
        assert merge.score == pytest.approx(merge.face_distance**2 + merge.voice_evidence)
        assert merge.made_by != "likeness" or merge.score <= merge.threshold
        known = [f.voice @ g.voice for f in first for g in second if not (f.voice is None or g.voice is None)]
        assert merge.voice_pair_share == pytest.approx(len(known) / (len(first) * len(second)))
        assert (merge.voice_distance is None) == (not known)
        if merge.voice_distance is not None:
            assert merge.voice_distance == pytest.approx(1 - np.mean(known), abs=1e-5)
        groups[merge.first_clip_id] = first + second
    names = [sorted(f.clip_id for f in group) for group in groups.values()]
    assert sorted(names) == [[faces[i].clip_id for i in person] for person in people]


@pytest.mark.parametrize("seed", range(3))
def test_clusters_keep_mean_scatter_strangers_and_voices_of_their_members(seed: int) -> None:
    faces, config = crowd(seed), ci.IdentityConfig(merge_distance=1.2)
    pairs = np.array([(i, j) for i in range(len(faces)) for j in range(i + 1, len(faces))])
    clusters = linked_clusters(faces, pairs, config, config.merge_distance)
    assert 1 < len(clusters) < len(faces) / 2
    for cluster in clusters:
        members = [faces[m] for m in cluster.members]
        found = np.array([m.descriptor for m in members])
        assert cluster.mean == pytest.approx(found.mean(axis=0), abs=1e-5)
        assert cluster.scatter == pytest.approx(
            ((found - found.mean(axis=0)) ** 2).sum(axis=1).mean(), abs=1e-5
        )
        assert cluster.strangers == pytest.approx(np.mean([m.stranger_distance for m in members]))
        known = np.array([m.voice for m in members if m.voice is not None])
        assert cluster.voices.share == pytest.approx(len(known) / len(members))
        if not len(known):
            continue
        assert cluster.voices.mean == pytest.approx(known.mean(axis=0), abs=1e-5)
        spread = ((known - known.mean(axis=0)) ** 2).sum(axis=1).mean()
        assert cluster.voices.scatter == pytest.approx(spread, abs=1e-5)
    for a in clusters:
        members = [faces[m] for m in a.members]
        wanted = [mean_squared(members, [faces[m] for m in b.members], config) for b in clusters]
        assert squared_distances(a, clusters, config) == pytest.approx(wanted, abs=1e-4)


def test_voices_tell_two_people_who_look_alike_apart_and_nothing_where_none_is_known() -> None:
    low, high = np.eye(2, dtype=np.float32)
    assert people([face("a", 0.0, voice=low), face("b", 0.95, voice=low)]) == ["ab"]
    assert people([face("a", 0.0, voice=low), face("b", 0.95, voice=high)]) == ["a", "b"]
    assert people([face("a", 0.0, voice=low), face("b", 0.95)]) == ["ab"]
    # A voice is no reason to take far faces for one person.
    assert people([face("a", 0.0, voice=low), face("b", 1.05, voice=low)]) == ["a", "b"]


# ---- The bound of a collection's size -------------------------------------------------------------------


def test_up_to_the_people_it_was_set_among_the_bound_is_the_one_set() -> None:
    assert [ci.merge_reach(n, ci.IdentityConfig()) for n in (0, 1, 16, 400)] == [0.98] * 4
    assert ci.merge_reach(401, ci.IdentityConfig()) < 0.98


def test_the_bound_s_square_falls_with_the_logarithm_of_the_number_of_people() -> None:
    config = ci.IdentityConfig(merge_people=100, evidence_per_distance=20.0)
    squares = [ci.merge_reach(n, config) ** 2 for n in (100, 1_000, 10_000)]
    assert np.diff(squares) == pytest.approx(-np.log(10) / 20)
    assert ci.merge_reach(10**30, config) == 0.0


def strangers(count: int) -> list[ci.Face]:
    """Return faces of people whose squared distances fall off as `evidence_per_distance` says on average."""
    places = np.random.default_rng(count).normal(0, 0.21, (count, 24))
    return [face(f"{i:05}", *place) for i, place in enumerate(places)]


def test_not_more_people_are_taken_for_another_where_there_are_more() -> None:
    """Of strangers with one clip each; with one bound for all sizes the share grows with their number."""
    config = ci.IdentityConfig(merge_distance=0.72, merge_people=250, evidence_per_distance=18.0)
    merged: dict[str, list[float]] = {"one bound": [], "by size": []}
    for count in (250, 1_000, 4_000):
        faces = strangers(count)
        pairs, _ = ci.neighbour_pairs(
            np.array([f.descriptor for f in faces]), np.ones(count, np.float32), config
        )
        for name, reach in (("one bound", config.merge_distance), ("by size", ci.merge_reach(count, config))):
            people = ci.link_component(faces, pairs, config, reach)
            merged[name].append(sum(len(p) for p in people if len(p) > 1) / count)
    assert merged["one bound"][2] > 4 * merged["one bound"][0] > 0, merged
    assert merged["by size"][2] < 2 * merged["by size"][0], merged


def whole(faces: Sequence[ci.Face], config: ci.IdentityConfig) -> tuple[list[list[str]], set[str]]:
    """Return the people of a block by the chain's functions, and identities tied to others for the splits."""
    number = len(faces)
    pairs, _ = ci.neighbour_pairs(
        np.array([f.descriptor for f in faces]), np.ones(number, np.float32), config
    )
    near: dict[str, dict[str, float]] = {f.clip_id: {} for f in faces}
    for i, j in pairs.tolist():
        near[faces[i].clip_id][faces[j].clip_id] = near[faces[j].clip_id][faces[i].clip_id] = 0.99
    linked = link([Placed(f, near[f.clip_id], "", ()) for f in faces], config)
    found = people_of(linked, len(linked.people), config)
    groups: dict[str, list[str]] = {}
    for member in found.members:
        groups.setdefault(member.identity_id, []).append(member.clip_id)
    return sorted(groups.values()), {identity for _, identity in found.alike}


def test_who_would_be_one_person_in_a_small_collection_goes_to_one_split_in_a_large_one() -> None:
    """And a person whose clips are near keeps them all; order plays no part."""
    config = ci.IdentityConfig(merge_distance=1.0, merge_people=2, evidence_per_distance=4.0)
    faces = [face("a0", 0.0), face("a1", 0.3), face("b", 5.0), face("c", 5.9)]
    assert whole(faces, config) == ([["a0", "a1"], ["b", "c"]], set())
    more = [*faces, *(face(f"d{i}", 20.0 + 9 * i) for i in range(4))]
    groups, alike = whole(more, config)
    assert groups[:3] == [["a0", "a1"], ["b"], ["c"]] and len(alike) == 2
    assert whole(more[::-1], config) == (groups, alike)
