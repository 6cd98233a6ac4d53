"""People across a collection: the Beam steps on clips whose faces are numbers with known identities."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow.parquet as pq
import pytest
from apache_beam.pvalue import AsSingleton

from pipelines.check_people import SplitFace, across_found, across_splits
from pipelines.components import Components, Settle
from pipelines.config import CurateConfig, config_from
from pipelines.identity_merges import forget_in_merges, read_merges
from pipelines.identity_registry import shard_paths
from pipelines.judge_people import cleanest_first
from pipelines.people import People
from pipelines.run_folder import RunFolder
from pipelines.runner import runner_options
from schemas.layout import BIOMETRIC, MERGES, PEOPLE_JSON, REGISTRY
from schemas.merges import IdentityMerge
from schemas.parts import FACE_PART
from schemas.records.clip import Clip
from schemas.records.picture import VisualQuality
from tests.makers import make_clip, make_source
from tests.print_makers import make_print
from tests.stored_run import store_parts, stored_part
from transforms.assign_split import assign_split
from transforms.cluster_identities import label_of, tie, unsettled
from transforms.embed_faces import ClipFace, face_bytes

ADULT = (("age", "30"),)
SPREAD = 0.3  # distance of a clip's descriptor from its person's
FOUND = ("kept", "rejections", "lost", "failures", "failed")


def descriptor(person: int, take: int, spread: float = SPREAD) -> np.ndarray:
    """Return a descriptor (32,): people are about 2 apart, takes of one about 0.4."""
    centre = np.random.default_rng(person).standard_normal(32)
    away = np.random.default_rng([person, take]).standard_normal(32)
    return (1.5 * centre / np.linalg.norm(centre) + spread * away / np.linalg.norm(away)).astype(np.float32)


def clip_id_of(person: int, take: int) -> str:
    return hashlib.sha256(f"{person}:{take}".encode()).hexdigest()[:20]


def face_of(person: int, take: int, seed: int | None = None) -> ClipFace:
    """Return a stored face; takes with the same seed are copies of one recording."""
    return ClipFace(
        descriptor=descriptor(person, take),
        stranger_distance=1.0,
        print=make_print(1000 * person + take if seed is None else seed),
        num_views=5,
        embedder="numbers",
    )


def make_quality(**changes: Any) -> VisualQuality:
    """Return the scores of good pictures, as far as copies are compared by them."""
    fields: dict[str, Any] = {f.name: None for f in dataclasses.fields(VisualQuality)}
    return VisualQuality(
        **(fields | {"sharpness": 100.0, "damaged_frames": 0, "text_area_ratio": 0.0} | changes)
    )


class Collection:
    """Clips with stored faces, run through the steps."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run = RunFolder(str(folder))
        self._places = self._run.places(self._run.new_result())
        self.clips: list[Clip] = []

    def add(self, person: int, take: int, seed: int | None = None, **changes: Any) -> Clip:
        number = len(self.clips)
        # Every clip is a track of its own in a shot of its own.
        ids = {"video_id": f"video{number}", "shot_id": f"shot{number}", "track_id": f"track{number}"}
        clip_id = clip_id_of(person, take)
        source = make_source(attributes=ADULT)
        fields = ids | {"clip_id": clip_id, "source": source} | changes
        clip = make_clip(number, num_frames=100, **fields)
        clip = store_parts(self.folder, clip, {"look": {FACE_PART: face_bytes(face_of(person, take, seed))}})
        self.clips.append(clip)
        return clip

    def run(
        self, config: CurateConfig | None = None, clips: list[Clip] | None = None
    ) -> dict[str, list[Any]]:
        """Return what came out, by kind."""
        with beam.Pipeline(options=runner_options([])) as pipeline:
            there = pipeline | beam.Create(self.clips if clips is None else clips)
            result = there | People(config or CurateConfig(), self._places)
            for name in FOUND:
                path = str(self.folder / name)
                _ = (
                    getattr(result, name)
                    | f"All_{name}" >> beam.combiners.ToList()
                    | f"Keep_{name}" >> beam.Map(_keep, path)
                )
        return {name: _kept.pop(str(self.folder / name)) for name in FOUND}

    def summary(self) -> dict[str, Any]:
        return json.loads(Path(self._places.note(PEOPLE_JSON)).read_text())

    def publish(self) -> None:
        """Make the last run's result the current one, and its register the one that the next run reads."""
        self._run.publish(self._places.result)
        shutil.rmtree(self._places.scratch)


_kept: dict[str, list[Any]] = {}


def _keep(found: list[Any], path: str) -> None:
    """The test's runner works in this process."""
    _kept[path] = found


def people_of(clips: list[Clip]) -> set[frozenset[str]]:
    """Return which clips share an identity."""
    groups: dict[str, set[str]] = {}
    for clip in clips:
        assert clip.identity is not None
        groups.setdefault(clip.identity.identity_id, set()).add(clip.clip_id)
    return {frozenset(group) for group in groups.values()}


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    return Collection(tmp_path / "out")


def test_takes_of_one_person_get_one_identity(collection: Collection) -> None:
    true = {frozenset(collection.add(p, t).clip_id for t in range(4)) for p in range(6)}
    found = collection.run()
    assert people_of(found["kept"]) == true and not found["rejections"]
    assert all(0 < c.identity.confidence <= 1 and c.identity.embedder == "numbers" for c in found["kept"])
    assert collection.summary()["num_identities"] == 6


def test_many_blocks_find_the_same_people(collection: Collection) -> None:
    true = {frozenset(collection.add(p, t).clip_id for t in range(3)) for p in range(30)}
    config = config_from({"identities": {"block_size": 20, "probes": 3}}, "test")
    assert people_of(collection.run(config)["kept"]) == true


def test_a_chain_of_blocks_longer_than_the_rounds_is_one_component(tmp_path: Path) -> None:
    """People who are registered as one hang together in pairs, and what the rounds leave is settled."""
    pairs = [(f"{(7 * i) % 61:02}", f"{(7 * (i + 1)) % 61:02}") for i in range(60)]
    path = str(tmp_path / "labels")
    with beam.Pipeline(options=runner_options([])) as pipeline:
        told = pipeline | beam.Create(pairs) | beam.FlatMap(tie) | Components() | beam.GroupByKey()
        left: Any = told | "Left" >> beam.FlatMapTuple(unsettled) | Settle()
        labels = told | "Label" >> beam.MapTuple(lambda name, names: (name, label_of(name, names)))
        roots = labels | "Root" >> beam.Map(
            lambda label, settled: (label[0], settled.get(label[1], label[1])), AsSingleton(left)
        )
        _ = roots | beam.combiners.ToList() | "Keep" >> beam.Map(_keep, path)
    assert dict(_kept.pop(path)) == {f"{i:02}": "00" for i in range(61)}


def test_adding_videos_renames_nobody(collection: Collection) -> None:
    for person in range(3):
        collection.add(person, 0)
    before = {c.clip_id: c.identity.identity_id for c in collection.run()["kept"]}
    collection.publish()
    # Among the new ones some have smaller ids, and without the registry would give the name.
    for person in range(4):
        for take in range(1, 6):
            collection.add(person, take)
    kept = collection.run()["kept"]
    after = {c.clip_id: c.identity.identity_id for c in kept}
    assert {clip: after[clip] for clip in before} == before
    assert len(people_of(kept)) == 4


def test_ids_depend_on_the_salt_alone_not_on_order(collection: Collection, tmp_path: Path) -> None:
    again, salted = Collection(tmp_path / "again"), Collection(tmp_path / "salted")
    for other in (collection, again, salted):
        for person in range(3):
            for take in range(2):
                other.add(person, take)
    first = {c.clip_id: c.identity.identity_id for c in collection.run()["kept"]}
    second = {c.clip_id: c.identity.identity_id for c in again.run(clips=again.clips[::-1])["kept"]}
    third = {
        c.clip_id: c.identity.identity_id
        for c in salted.run(config_from({"identities": {"salt": "s"}}, "test"))["kept"]
    }
    assert first == second and not set(first.values()) & set(third.values())


def test_faces_side_by_side_are_two_people(collection: Collection) -> None:
    collection.add(1, 0, shot_id="s", track_id="left", start_seconds=0.0, end_seconds=4.0)
    collection.add(1, 1, shot_id="s", track_id="right", start_seconds=1.0, end_seconds=5.0)
    kept = collection.run()["kept"]
    assert len(people_of(kept)) == 2
    # They are look-alikes, too, and share a split.
    assert len({c.identity.split_group for c in kept}) == 1


def test_one_track_is_one_person_however_it_looks(collection: Collection) -> None:
    collection.add(1, 0, track_id="t", start_seconds=0.0, end_seconds=4.0)
    collection.add(2, 0, track_id="t", start_seconds=4.0, end_seconds=8.0)
    assert len(people_of(collection.run()["kept"])) == 1


def test_all_clips_of_somebody_who_may_be_under_age_are_turned_down(collection: Collection) -> None:
    bare = make_source()
    child = [collection.add(1, take, source=bare).clip_id for take in range(2)]
    child.append(collection.add(1, 2, source=make_source(attributes=(("age", "16"),))).clip_id)
    guarded = collection.add(1, 3, source=make_source(guardian_consent="granted")).clip_id
    adult = collection.add(2, 0).clip_id
    found = collection.run()
    assert {c.clip_id for c in found["kept"]} == {adult, guarded}
    assert {(r.subject_id, r.stage, r.reason, r.score) for r in found["rejections"]} == {
        (clip_id, "filter_people", "may_be_minor", 16.0) for clip_id in child
    }
    assert {c.clip_id for c in found["lost"]} == set(child) and all(c.identity for c in found["lost"])


def test_the_cleanest_of_several_copies_is_kept(collection: Collection) -> None:
    small = collection.add(1, 0, seed=7, face_height_px=60.0)
    large = collection.add(1, 1, seed=7, face_height_px=90.0)
    other = collection.add(1, 2, seed=8)
    found = collection.run()
    assert {c.clip_id for c in found["kept"]} == {large.clip_id, other.clip_id}
    (why,) = found["rejections"]
    assert (why.subject_id, why.reason, why.also) == (
        small.clip_id,
        "near_duplicate",
        (f"copy of {large.clip_id}", "sound agrees by 1.00"),
    )
    assert [c.clip_id for c in found["lost"]] == [small.clip_id]


@pytest.mark.parametrize(
    "worse",
    [
        {"second_face_ratio": 0.3, "face_height_px": 160.0},
        {"face_height_px": 60.0},
        {"quality": make_quality(sharpness=50.0)},
        {"quality": make_quality(damaged_frames=1), "face_height_px": 160.0},
        {"quality": make_quality(text_area_ratio=0.1), "face_height_px": 160.0},
        {"num_frames": 40},
    ],
)
def test_the_cleanest_is_alone_whole_without_writing_large_sharp_and_long(worse: dict[str, Any]) -> None:
    clean = make_clip(0, clip_id="b", quality=make_quality(), face_height_px=82.0)
    other = dataclasses.replace(clean, clip_id="a", face_height_px=80.0)
    assert sorted([clean, other], key=cleanest_first)[0] is other  # as large: the smaller id
    assert sorted([clean, dataclasses.replace(other, **worse)], key=cleanest_first)[0] is clean


def test_one_person_under_three_names_is_in_one_split(collection: Collection) -> None:
    for person in range(40):
        for take in range(3):
            name = f"name{3 * person + take}"
            collection.add(person, take, source=make_source(speaker_id=name, attributes=ADULT))
    config = config_from({"split": {"val_share": 0.3, "test_share": 0.3}}, "test")
    kept = collection.run(config)["kept"]
    placed = [assign_split(c, config.split) for c in kept]
    splits = {frozenset(c.split for c in placed if c.clip_id in person) for person in people_of(kept)}
    assert all(len(split) == 1 for split in splits) and len(splits) == 3
    summary = collection.summary()
    assert summary["too_near"] == [] and summary["nearest_across_splits"] > 0.8
    assert len(summary["identities_with_several_speakers"]) == 40


def test_a_person_in_two_splits_is_noticed() -> None:
    faces = [
        SplitFace(name, split, descriptor(person, take), 1.0)
        for name, split, person, take in (("a", "train", 1, 0), ("b", "test", 1, 1), ("c", "val", 2, 0))
    ]
    nearest = {pair[1:]: pair[0] for pair in across_splits(faces)}
    assert nearest["a", "b"] < 0.8 < nearest["b", "c"]
    found = across_found(across_splits(faces), 0.8)
    assert found.too_near == [f"a and b ({nearest['a', 'b']:.3f})"]
    assert found.nearest_across_splits == nearest["a", "b"]


def test_a_clip_without_a_face_stays_without_identity(collection: Collection) -> None:
    collection.add(1, 0)
    faceless = make_clip(9, num_frames=100, source=make_source(attributes=ADULT))
    kept = collection.run(clips=[*collection.clips, faceless])["kept"]
    assert {c.clip_id: c.identity is None for c in kept} == {
        collection.clips[0].clip_id: False,
        faceless.clip_id: True,
    }


def test_a_broken_face_file_costs_its_clip_alone(collection: Collection) -> None:
    good, bad = collection.add(1, 0), collection.add(2, 0)
    stored_part(collection.folder, bad, "look", FACE_PART).write_bytes(b"not an archive")
    found = collection.run()
    assert [c.clip_id for c in found["kept"]] == [good.clip_id]
    assert [f.subject_id for f in found["failures"]] == [bad.clip_id]


def test_without_any_face_there_is_still_a_summary(collection: Collection) -> None:
    clip = dataclasses.replace(make_clip(0), source=make_source(attributes=(*ADULT, ("sex", "f"))))
    (kept,) = collection.run(clips=[clip])["kept"]
    assert kept.identity is None and [a.value for a in kept.attributes or ()] == ["30-39", "feminine"]
    assert collection.summary()["num_identities"] == 0


def merges_below(collection: Collection) -> dict[str, IdentityMerge]:
    """Return what made identities, by the second clip; each clip is one at most."""
    folder = str(collection.folder / BIOMETRIC / MERGES)
    found = [merge for path in shard_paths(folder) for merge in read_merges(path)]
    assert len({m.second_clip_id for m in found}) == len(found)
    return {m.second_clip_id: m for m in found}


def test_what_made_an_identity_is_kept_when_videos_are_added(collection: Collection) -> None:
    clips = [collection.add(1, take) for take in range(3)] + [collection.add(2, 0)]
    names = sorted(clip.clip_id for clip in clips[:3])
    kept = {c.clip_id: c.identity.identity_id for c in collection.run()["kept"] if c.identity}
    assert merges_below(collection) == {}  # it changes with the result, not before
    collection.publish()
    first = merges_below(collection)
    assert set(first) == set(names[1:]) and {m.made_by for m in first.values()} == {"likeness"}
    assert {m.identity_id for m in first.values()} == {kept[names[0]]}
    pair = next(m for m in first.values() if m.first_num_clips == m.second_num_clips == 1)
    takes = [
        descriptor(1, next(t for t, clip in enumerate(clips) if clip.clip_id == name))
        for name in (pair.first_clip_id, pair.second_clip_id)
    ]
    assert pair.face_distance == pytest.approx(np.linalg.norm(takes[0] - takes[1]), abs=1e-5)
    more = next(take for take in range(3, 99) if clip_id_of(1, take) > names[-1])
    added = collection.add(1, more)
    collection.run()
    collection.publish()
    second = merges_below(collection)
    assert {name: second[name] for name in first} == first, "what made the others one is not told anew"
    assert second[added.clip_id].made_by == "likeness" and second[added.clip_id].first_num_clips == 3
    assert second[added.clip_id].first_registered == kept[names[0]]
    # A clip goes, and all that names it: what is lost of the others is told with today's distances.
    forget_in_merges(str(collection.folder / BIOMETRIC / MERGES), [names[0]])
    assert not any(names[0] in (m.first_clip_id, m.second_clip_id) for m in merges_below(collection).values())
    collection.run(clips=[clip for clip in collection.clips if clip.clip_id != names[0]])
    collection.publish()
    last = merges_below(collection)
    assert set(last) >= set(names[2:]) | {added.clip_id}
    assert all(names[0] not in (m.first_clip_id, m.second_clip_id) for m in last.values())


def test_the_registry_holds_no_faces(collection: Collection) -> None:
    clip = collection.add(1, 0)
    collection.run()
    registry = collection.folder / BIOMETRIC / REGISTRY
    assert not registry.exists()  # it changes with the result, not before
    collection.publish()
    (path,) = registry.iterdir()
    assert pq.read_table(path).column_names == ["clip_id", "identity_id"]
    assert stored_part(collection.folder, clip, "look", FACE_PART).is_relative_to(
        collection.folder / BIOMETRIC
    )
