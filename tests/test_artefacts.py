"""Artefacts: whole or not there, forgotten without a trace, removed when no result names them."""

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipelines.artefacts import ArtefactStore
from pipelines.forget import forget_sources
from pipelines.identity_merges import read_merges, shard_of_merge, write_merges
from pipelines.identity_registry import read_registry, shard_of, shard_paths, write_registry
from pipelines.recipes import source_owner
from pipelines.run_folder import RunFolder
from pipelines.unnamed import find_unnamed, remove
from schemas.layout import EXCLUSIONS, MERGES, REGISTRY
from schemas.outcomes import BadInputError
from schemas.plain import to_plain
from schemas.records.video import Artefact
from tests.makers import make_clip, make_merge, make_source, make_video
from tests.remote_files import FakeStore, Upload
from tests.run_folder_makers import Stopped, below, delete, dying, make_result
from transforms.cluster_identities import Member
from transforms.storage import join, read_bytes, write_bytes

BODY = Artefact(stage="body", artefact_id="b" * 20)
LOOK = Artefact(stage="look", artefact_id="f" * 20)
OWNER = "v" * 20
PARTS = {"clip.mp4": b"moving pictures", "face.npz": b"a face"}


def stored(root: str, room: str, part: str) -> str:
    return join(root, room, OWNER[:2], OWNER, f"look-{LOOK.artefact_id}", part)


def test_an_artefact_is_found_with_its_parts(root: str) -> None:
    store = ArtefactStore(root)
    assert store.find(OWNER, LOOK) is None and store.artefacts_of(OWNER) == []
    store.write(OWNER, LOOK, {"gives": 1}, PARTS)
    assert store.find(OWNER, LOOK) == {"gives": 1, "parts": {name: len(d) for name, d in PARTS.items()}}
    assert store.find(OWNER, BODY) is None
    assert {name: store.read(OWNER, LOOK, name) for name in PARTS} == PARTS
    assert read_bytes(stored(root, "biometric", "face.npz")) == PARTS["face.npz"]
    assert not [name for name in below(root) if name.startswith("artefacts") and name.endswith("face.npz")]
    assert store.artefacts_of(OWNER) == [LOOK] and len(store.records_of(OWNER, "look")) == 1
    assert not [name for name in below(root) if name.startswith("work/") or ".tmp" in name]


@pytest.mark.parametrize(
    ("room", "part", "data"),
    [
        ("artefacts", "record.json", None),
        ("artefacts", "record.json", b""),
        ("artefacts", "record.json", b'{"gives": 1, "par'),
        ("artefacts", "record.json", b"[1]"),
        ("artefacts", "record.json", b'{"gives": 1}'),
        ("artefacts", "record.json", b'{"parts": 3}'),
        ("artefacts", "record.json", b"\xff\xfe"),
        ("artefacts", "clip.mp4", None),
        ("artefacts", "clip.mp4", b"moving"),
        ("biometric", "face.npz", None),
        ("biometric", "face.npz", b""),
    ],
)
def test_torn_and_deleted_artefacts_are_made_again(
    root: str, room: str, part: str, data: bytes | None
) -> None:
    store = ArtefactStore(root)
    store.write(OWNER, LOOK, {"gives": 1}, PARTS)
    whole = below(root)
    place = stored(root, room, part)
    if data is None:
        delete(place)
    else:
        write_bytes(place, data)
    assert store.find(OWNER, LOOK) is None
    assert len(store.records_of(OWNER, "look")) <= 1, "whatever is left is read as far as it can be"
    store.write(OWNER, LOOK, {"gives": 1}, PARTS)
    assert store.find(OWNER, LOOK) is not None and below(root) == whole


def test_a_writer_that_dies_leaves_nothing_that_counts(root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ArtefactStore(root)
    for step in range(6):
        with monkeypatch.context() as patched, contextlib.suppress(Stopped):
            patched.setattr(Path, "write_bytes", dying(Path.write_bytes, step))
            patched.setattr(Path, "rename", dying(Path.rename, step // 2))
            patched.setattr(Upload, "close", dying(Upload.close, step))
            store.write(OWNER, LOOK, {}, PARTS)
        found = store.find(OWNER, LOOK)
        assert found is None or {n: store.read(OWNER, LOOK, n) for n in found["parts"]} == PARTS
    assert store.find(OWNER, LOOK) is not None


def make_people(root: str, names: tuple[str, ...]) -> dict[str, list[str]]:
    """Write what runs left of some sources; returns the words that would betray each."""
    folder, words = RunFolder(root), {}
    store = folder.store
    for number, name in enumerate(names):
        source, video_id = make_source(name), f"{number:020d}"
        clip = make_clip(number, video_id=video_id, clip_id=f"clip{number:016d}")
        video = make_video(video_id=video_id, source=source)
        probe = Artefact(stage="probe", artefact_id="p" * 20)
        store.write(source_owner(source), probe, {"videos": [{"video_id": video_id}], "rejections": []}, {})
        survey = Artefact(stage="survey", artefact_id="s" * 20)
        store.write(video_id, survey, {"clips": [to_plain(clip)]}, {"sound": f"sound of {name}".encode()})
        store.write(video_id, LOOK, {}, {"face.npz": f"face of {name}".encode()})
        write_bytes(folder.drawings(clip.clip_id, "contact_sheet.png"), b"a drawing")
        write_bytes(folder.exported(f"{clip.clip_id}.glb"), b"a body")
        write_bytes(join(root, "logs", f"worker-{number}.log"), f"look {clip.clip_id}".encode())
        words[name] = [video.video_id, clip.clip_id, f"of {name}", source_owner(source)]
    members = [Member(clip_id=w[1], identity_id=f"of {n}", distance=0.0) for n, w in words.items()]
    for shard in {shard_of(member.clip_id) for member in members}:
        there = [member for member in members if shard_of(member.clip_id) == shard]
        registry = join(folder.biometric, REGISTRY)
        write_registry((shard, there), registry, registry)
    merges = join(folder.biometric, MERGES)
    for name, (_, clip_id, *_) in words.items():
        merge = make_merge("a" * 20, clip_id, identity_id=f"of {name}")
        write_merges((shard_of_merge(merge), [merge]), merges, merges)
    return words


def betrayed(root: str, words: list[str]) -> list[str]:
    """Return the files whose names or bytes hold one of the words."""
    biometric = RunFolder(root).biometric
    known = [read_registry(path) for path in shard_paths(join(biometric, REGISTRY))]
    merges = [read_merges(path) for path in shard_paths(join(biometric, MERGES))]
    files = {**below(root), "register": repr(known).encode(), "merges": repr(merges).encode()}
    return [name for name, data in files.items() if any(w in name or w.encode() in data for w in words)]


def test_what_is_forgotten_is_gone_and_the_rest_stays(root: str) -> None:
    words = make_people(root, ("stays.mp4", "goes.mp4"))
    folder = RunFolder(root)
    before = below(root)
    stays = {name for name in betrayed(root, words["stays.mp4"]) if not name.startswith("logs/")}
    assert {"register", "merges"} < set(betrayed(root, words["goes.mp4"]))
    assert len(betrayed(root, words["goes.mp4"])) >= 9
    assert forget_sources(folder, [make_source("goes.mp4")]) > 0
    assert betrayed(root, words["goes.mp4"]) == []
    assert set(betrayed(root, words["stays.mp4"])) == stays
    changed = {name for name, data in below(root).items() if before.get(name) != data}
    changed.remove(EXCLUSIONS)  # what loaders must not read any more is new
    assert {name.rpartition("/")[0] for name in changed} == {"biometric/registry", "biometric/merges"}
    assert forget_sources(folder, [make_source("goes.mp4"), make_source("never was.mp4")]) == 0


@pytest.mark.parametrize("step", range(9))
def test_forgetting_that_is_cut_short_goes_on_the_next_time(
    root: str, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = make_people(root, ("goes.mp4", "goes too.mp4"))
    gone, folder = [make_source(name) for name in words], RunFolder(root)
    with monkeypatch.context() as patched, contextlib.suppress(Stopped):
        # Of the same steps remote and local: whole folders.
        patched.setattr(shutil, "rmtree", dying(shutil.rmtree, step))
        patched.setattr(FakeStore, "delete", dying(FakeStore.delete, step))
        forget_sources(folder, gone)
    forget_sources(folder, gone)
    assert betrayed(root, [word for found in words.values() for word in found]) == []


def test_half_of_an_artefact_is_forgotten_too(root: str) -> None:
    words = make_people(root, ("goes.mp4",))
    write_bytes(join(root, "biometric", "00", "0" * 20, f"look-{'e' * 20}", "face.npz"), b"face of goes.mp4")
    forget_sources(RunFolder(root), [make_source("goes.mp4")])
    assert betrayed(root, words["goes.mp4"]) == []


def test_cleaning_removes_what_no_result_names(root: str) -> None:
    make_people(root, ("talk.mp4",))
    folder, video_id = RunFolder(root), "0" * 20
    named = (Artefact(stage="survey", artefact_id="s" * 20),)
    video = make_video(video_id=video_id, artefacts=named)
    clip = make_clip(0, video_id=video_id, artefacts=(*named, LOOK))
    tables: dict[str, list[Any]] = {"videos": [video], "clips": [clip]}
    folder.publish(make_result(folder, "whole", tables=tables))
    folder.remember({"sources": [to_plain(make_source("talk.mp4"))], "ignored": [], "config": {}})
    assert find_unnamed(folder).folders == ()
    clean = below(root)
    folder.store.write(video_id, BODY, {}, {"body.npz": b"of other settings"})
    old_look = Artefact(stage="look", artefact_id="0" * 20)
    folder.store.write(video_id, old_look, {}, PARTS)
    folder.store.write(source_owner(make_source("removed.mp4")), BODY, {}, {})
    unnamed = find_unnamed(folder)
    assert unnamed.num_artefacts == 3
    assert unnamed.num_bytes == sum(len(d) for n, d in below(root).items() if n not in clean)
    remove(unnamed)
    assert below(root) == clean


def test_a_folder_without_a_run_is_not_cleaned(root: str) -> None:
    with pytest.raises(BadInputError, match="no finished run"):
        find_unnamed(RunFolder(root))
