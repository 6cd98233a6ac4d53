"""Finding a person by a photo: who is near, and how sure that is."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.people_likeness import rows
from commands import command_line
from pipelines.find_person import LIKENESS, candidates, chance_among, likeness
from pipelines.known_faces import Faces, KnownFace
from tests.conftest import Run
from transforms.clip_print import ClipPrint
from transforms.embed_faces import ClipFace

NO_PRINT = ClipPrint(sound=np.zeros((0, 32), np.uint8), face=np.zeros((0, 63), np.int16), face_hz=12.5)


def face(*place: float, embedder: str = "e") -> ClipFace:
    """Return a face at a place; strangers are 1 away from it."""
    return ClipFace(
        descriptor=np.array(place, np.float32), stranger_distance=1.0, print=NO_PRINT, num_views=1,
        embedder=embedder,
    )  # fmt: skip


def known(clip: str, identity: str | None, at: ClipFace) -> KnownFace:
    row: dict[str, Any] = {"clip_id": clip, "source_name": f"{clip}.mp4", "start_seconds": 0.0}
    return KnownFace(row | {"end_seconds": 3.0, "status": "accepted", "identity_identity_id": identity}, at)


def test_people_come_in_the_order_of_distance_with_all_their_clips() -> None:
    here = [
        known("a1", "anna", face(0.3, 0.0)),
        known("a2", "anna", face(0.4, 0.0)),
        known("b1", "ben", face(1.5, 0.0)),
        known("c1", None, face(0.0, 1.05)),
        known("d1", "dora", face(0.0, 0.0, embedder="another")),
    ]
    found = candidates(face(0.0, 0.0), here, measured=True, bound=0.98)
    assert [(c.identity_id, c.verdict) for c in found] == [
        ("anna", "probably"),
        (None, "possibly"),
        ("ben", "unlikely"),
    ]
    assert found[0].distance == pytest.approx(np.sqrt((0.3**2 + 0.4**2) / 2), abs=1e-3)
    assert [clip.clip_id for clip in found[0].clips] == ["a1", "a2"]
    (unsure,) = candidates(face(0.0, 0.0), here[2:3], measured=False, bound=2.0)
    assert (unsure.verdict, unsure.chance_of_stranger) == ("possibly", None)


def test_how_sure_follows_the_table_and_grows_with_the_number_of_people() -> None:
    for distance, few, missed in LIKENESS:
        assert likeness(distance) == pytest.approx((few, missed))
    shares = [likeness(d)[0] for d in np.linspace(0.5, 1.6, 50)]
    assert shares == sorted(shares) and 0 < shares[0] < 1e-6 and shares[-1] == 1.0
    assert chance_among(0.01, 1) == pytest.approx(0.01)
    assert chance_among(0.01, 100) == pytest.approx(1 - 0.99**100)


def test_rows_of_the_table_are_shares_of_pairs() -> None:
    strangers, true = np.linspace(1.0, 2.0, 10_001), np.linspace(0.0, 1.5, 1_501)
    for distance, share, missed in rows(strangers, true):
        assert (strangers < distance).mean() == pytest.approx(share, abs=1e-3)
        assert missed == pytest.approx(max(1.5 - distance, 0) / 1.5, abs=1e-2)


def test_distances_are_relative_to_strangers() -> None:
    here, there = (
        Faces(np.zeros((1, 2), np.float32), np.array([4.0], np.float32)),
        Faces(np.eye(2, dtype=np.float32), np.ones(2, np.float32)),
    )
    assert here.distances(there) == pytest.approx(np.full((1, 2), 0.5))
    assert Faces.of([]).distances(there).shape == (0, 2)


def test_a_video_of_a_talker_finds_her_and_no_descriptor_is_told(
    curated: Run, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = [c for c in curated.rows("clips") if c["source_name"] == "late sound.mp4"]
    command = ["find-person", str(curated.out), "--photo", str(demo / "s31_lgbj5a.mp4")]
    assert command_line.main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    first = told["candidates"][0]
    assert (first["identity_id"], first["verdict"]) == (row["identity_identity_id"], "probably")
    assert row["clip_id"] in {clip["clip_id"] for clip in first["clips"]}
    assert "descriptor" not in json.dumps(told) and told["clips_without_face"] >= 0
    assert command_line.main(command) == 0
    assert "probably the same person" in capsys.readouterr().out
