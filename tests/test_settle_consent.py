"""A no for one name of a file holds for all its names and copies."""

import dataclasses
import datetime
import os
from pathlib import Path

import pytest

from media import MediaLimits
from pipelines.artefacts import ArtefactStore
from pipelines.config import CurateConfig
from pipelines.recipes import inputs_hash, recipes_of, source_owner
from pipelines.settle_consent import Settled, Withdrawn, settle_consent
from schemas.consent import refusal
from schemas.ids import content_id
from schemas.records.source import Source, Terms
from schemas.records.video import Artefact
from tests import remote_files
from transforms.judge_consent import ConsentConfig

LIMITS = MediaLimits()
TODAY = datetime.date(2026, 11, 27)
DEFAULTS = ConsentConfig()
FACE = b"a face" * 50
OTHER = b"others" * 50  # as long


def source(place: object, consent: str | None, name: str = "") -> Source:
    return Source(uri=str(place), name=name or str(place).rsplit("/", 1)[-1], consent=consent)


def settle(
    tmp_path: Path,
    *sources: Source,
    withdrawn: Withdrawn | None = None,
    config: ConsentConfig = DEFAULTS,
) -> Settled:
    store = ArtefactStore(str(tmp_path / "out"))
    return settle_consent(sources, config, withdrawn or {}, store, LIMITS, TODAY)


def refused(settled: Settled) -> dict[str, str]:
    return {s.name: refusal(s)[-1] for s in settled.sources if refusal(s)}


def write(folder: Path, **files: bytes) -> None:
    for name, data in files.items():
        (folder / f"{name}.mp4").write_bytes(data)


def test_one_file_under_several_paths(tmp_path: Path) -> None:
    write(tmp_path, a=FACE, b=OTHER)
    os.link(tmp_path / "a.mp4", tmp_path / "hard.mp4")
    (tmp_path / "soft.mp4").symlink_to("a.mp4")
    (tmp_path / "sub").mkdir()
    places = ["a.mp4", "./a.mp4", "sub/../a.mp4", "hard.mp4", "soft.mp4", "b.mp4"]
    sources = [source(f"{tmp_path}/{place}", "granted", place) for place in places]
    for denied in range(5):
        said = [source(s.uri, "denied" if i == denied else "granted", s.name) for i, s in enumerate(sources)]
        for order in (said, said[::-1]):
            found = refused(settle(tmp_path, *order))
            assert set(found) == set(places[:5]), denied
            assert set(found.values()) == {"consent_refused", f"the same file as {places[denied]}"}


def test_who_asks_for_consent_uses_nothing_without(tmp_path: Path) -> None:
    said = [source(tmp_path / "a.mp4", None), source(tmp_path / "b.mp4", "granted")]
    store = ArtefactStore(str(tmp_path / "out"))
    settled = settle_consent(said, ConsentConfig(require=True), {}, store, LIMITS, TODAY)
    assert refused(settled) == {"a.mp4": "consent_missing"}


def test_a_run_on_another_day_decides_anew(tmp_path: Path) -> None:
    write(tmp_path, a=FACE, copy=FACE, other=OTHER)
    ends = dataclasses.replace(
        source(tmp_path / "a.mp4", "granted"), terms=Terms(expires_on="2026-11-27"), row="line 2"
    )
    leaves = dataclasses.replace(
        source(tmp_path / "other.mp4", "granted"), terms=Terms(withdrawn_on="2026-12-01")
    )
    given = [ends, source(tmp_path / "copy.mp4", "granted"), leaves]
    recipes, store = recipes_of(CurateConfig()), ArtefactStore(str(tmp_path / "out"))

    def on(day: int, month: int) -> tuple[dict[str, tuple[str, ...]], str]:
        today = datetime.date(2026, month, day)
        found = settle_consent(given, ConsentConfig(), {}, store, LIMITS, today).sources
        return {s.name: refusal(s) for s in found if refusal(s)}, inputs_hash(found, CurateConfig(), recipes)

    expired = {
        "a.mp4": ("consent_expired", "line 2 of the manifest"),
        "copy.mp4": ("consent_expired", "the same content as a.mp4"),
    }
    assert on(27, 11)[0] == {} and on(28, 11)[0] == expired
    assert on(1, 12)[0] == {**expired, "other.mp4": ("consent_withdrawn",)}
    assert on(26, 11)[1] == on(27, 11)[1], "the same decisions, the same result"
    assert len({on(27, 11)[1], on(28, 11)[1], on(1, 12)[1]}) == 3


def test_a_path_that_leads_nowhere_is_still_one_path(tmp_path: Path) -> None:
    gone = [source(f"{tmp_path}/gone.mp4", "no"), source(f"{tmp_path}/x/../gone.mp4", "yes", "same")]
    assert set(refused(settle(tmp_path, *gone))) == {"gone.mp4", "same"}


def test_copies_are_found_by_their_content_alone(tmp_path: Path) -> None:
    write(tmp_path, a=FACE, copy=FACE, as_long=OTHER, shorter=FACE[1:])
    rest = [source(tmp_path / f"{name}.mp4", None) for name in ("copy", "as_long", "shorter")]
    settled = settle(tmp_path, source(tmp_path / "a.mp4", "unclear"), *rest)
    assert refused(settled) == {"a.mp4": "consent_unclear", "copy.mp4": "the same content as a.mp4"}
    assert settled.video_ids == {content_id([FACE])[0]}


def test_a_refused_file_is_not_read_without_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a=FACE, shorter=FACE[1:])
    monkeypatch.setattr("pipelines.settle_consent.read_chunks", pytest.fail)
    settle(tmp_path, source(tmp_path / "a.mp4", "no"), source(tmp_path / "shorter.mp4", "yes"))


def test_where_a_refused_file_cannot_be_read_what_may_be_its_copy_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a=FACE, copy=FACE)

    def read(uri: str, limits: MediaLimits) -> list[bytes]:
        if uri.endswith("a.mp4"):
            raise PermissionError("not for you")
        return [Path(uri).read_bytes()]

    monkeypatch.setattr("pipelines.settle_consent.read_chunks", read)
    found = refused(settle(tmp_path, source(tmp_path / "a.mp4", "no"), source(tmp_path / "copy.mp4", "yes")))
    assert found["copy.mp4"] == "as long as a.mp4, which cannot be read"


def test_who_wants_no_refused_file_opened_at_all_tells_copies_by_their_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a=FACE, copy=FACE, as_long=OTHER, shorter=FACE[1:])
    store = ArtefactStore(str(tmp_path / "out"))
    probe(store, source(tmp_path / "moved.mp4", None), FACE)
    monkeypatch.setattr("pipelines.settle_consent.read_chunks", pytest.fail)
    rest = [source(tmp_path / f"{name}.mp4", "yes") for name in ("copy", "as_long", "shorter")]
    by_size = ConsentConfig(copies="size")
    settled = settle(tmp_path, source(tmp_path / "a.mp4", "no"), *rest, config=by_size)
    assert refused(settled) == {
        "a.mp4": "consent_refused",
        "copy.mp4": "as long as a.mp4, which is never opened",
        "as_long.mp4": "as long as a.mp4, which is never opened",
    }
    assert settled.video_ids == {content_id([FACE])[0]}, "what may have been made of it goes"
    again = settle(
        tmp_path, source(tmp_path / "a.mp4", "no"), *rest, withdrawn=settled.withdrawn, config=by_size
    )
    assert refused(again) == refused(settled)


def test_remote_files_are_told_by_place_and_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(remote_files.VARIABLE, str(tmp_path / "store"))
    for name, data in (("a [1].mp4", FACE), ("b.mp4", FACE), ("c.mp4", OTHER)):
        remote_files.put(f"fake://bucket/{name}", data)
    places = (
        "fake://bucket/a [1].mp4",
        "FAKE://bucket/x/../a [1].mp4",
        "fake://bucket/b.mp4",
        "fake://bucket/c.mp4",
    )
    sources = [source(uri, "no" if i == 0 else "yes", str(i)) for i, uri in enumerate(places)]
    assert set(refused(settle(tmp_path, *sources))) == {"0", "1", "2"}


def probe(store: ArtefactStore, of: Source, data: bytes) -> None:
    """Keep what a probe keeps of a source."""
    video = {"video_id": content_id([data])[0], "size_bytes": len(data)}
    store.write(source_owner(of), Artefact(stage="probe", artefact_id="0" * 20), {"videos": [video]}, {})


def test_a_moved_file_is_known_by_what_it_was(tmp_path: Path) -> None:
    """The row of the old place says no, the file lies elsewhere now; so it is in the run after, too."""
    write(tmp_path, new=FACE)
    old, new = source(tmp_path / "old.mp4", "withdrawn"), source(tmp_path / "new.mp4", "granted")
    store = ArtefactStore(str(tmp_path / "out"))
    probe(store, old, FACE)
    first = settle(tmp_path, old, new)
    assert refused(first)["new.mp4"] == "the same content as old.mp4"
    assert first.video_ids == {content_id([FACE])[0]}
    store.forget(source_owner(old))
    assert refused(settle(tmp_path, old, new)) == {"old.mp4": "consent_refused"}, (
        "nobody knows any more, unless"
    )
    second = settle(tmp_path, old, new, withdrawn=first.withdrawn)
    assert "new.mp4" in refused(second) and second.withdrawn == first.withdrawn
    assert not any(word in str(first.withdrawn) for word in (*first.video_ids, source_owner(old)))
    granted = settle(tmp_path, source(old.uri, "granted"), new, withdrawn=first.withdrawn)
    assert refused(granted) == {}, "whoever agrees again is used again"


def test_what_was_made_of_a_moved_file_is_found_by_its_content(tmp_path: Path) -> None:
    write(tmp_path, new=FACE, never_seen=OTHER[1:])
    store = ArtefactStore(str(tmp_path / "out"))
    probe(store, source(tmp_path / "old.mp4", None), FACE)
    settled = settle(tmp_path, *[source(tmp_path / f"{name}.mp4", "no") for name in ("new", "never_seen")])
    assert settled.video_ids == {content_id([FACE])[0]}
