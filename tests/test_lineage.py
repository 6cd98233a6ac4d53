"""A sample is followed by hand from its bytes in a shard to the frames and the sound of its source."""

import dataclasses
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from commands.explain_fate import explain_fate
from pipelines.artefacts import artefact_id
from pipelines.config import CurateConfig
from pipelines.recipes import stage_recipes
from pipelines.run_folder import RunFolder
from pipelines.stages import VISITS
from schemas.records.clip import PieceOf
from schemas.records.video import Artefact
from schemas.sample import SAMPLING_RATE_HZ, pcm_of_wav
from schemas.stages import STAGES
from schemas.tables import to_row
from tests.conftest import Run
from tests.made_clips import Made, make_pictures
from tests.makers import make_clip
from transforms.trace_lineage import lineage_of_shard
from transforms.write_shards import build_shard

Row = Mapping[str, Any]
NEIGHBOURS = range(-3, 4)


def parts_of(run: Run, row: Row) -> dict[str, bytes]:
    """Return the parts of a sample out of its bytes alone."""
    with (run.out / "shards" / row["shard"]).open("rb") as shard:
        shard.seek(row["sample_offset"])
        archive = io.BytesIO(shard.read(row["sample_bytes"]) + bytes(2 * tarfile.BLOCKSIZE))
    with tarfile.open(fileobj=archive) as tar:
        return {m.name.split(".")[1]: (tar.extractfile(m) or io.BytesIO()).read() for m in tar
                if m.name.split(".")[0] == row["key"]}  # fmt: skip


def frames(file: Any) -> tuple[list[float], list[Any]]:
    """Return the times, from the first picture's, and the pictures (H, W, 3) of a file."""
    opened: Any = av.open(file)
    with opened as container:
        found = [(f.time or 0.0, f.to_ndarray(format="rgb24")) for f in container.decode(video=0)]
    return [time - found[0][0] for time, _ in found], [picture for _, picture in found]


def cropped(picture: npt.NDArray[np.uint8], row: Row, width: int, height: int) -> npt.NDArray[np.float64]:
    x0, y0, x1, y1 = row["crop_xyxy"]
    box = Image.fromarray(picture).resize((width, height), Image.Resampling.BOX, (x0, y0, x1, y1))
    return np.asarray(box, np.float64)


def test_a_shards_sample_is_the_sources_frames(curated: Run) -> None:
    rows = curated.rows("lineage")
    keys = {row["clip_id"] for row in curated.rows("clips") if row["status"] == "accepted"}
    assert {row["key"] for row in rows} == keys
    for row in rows:
        source, parts = curated.corpus / row["source_name"], parts_of(curated, row)
        assert set(parts) == {"json", "mp4", "npz", "wav"}
        assert hashlib.sha256(source.read_bytes()).hexdigest().startswith(row["video_id"])
        times, pictures = frames(str(source))
        _, written = frames(io.BytesIO(parts["mp4"]))
        assert len(written) == row["num_frames"]
        height, width = written[0].shape[:2]
        for i in range(0, row["num_frames"], 7):
            at = int(np.argmin(np.abs(np.array(times) - row["start_seconds"] - i / row["fps"])))
            near = [n for n in NEIGHBOURS if 0 <= at + n < len(pictures)]
            away = [np.abs(cropped(pictures[at + n], row, width, height) - written[i]).mean() for n in near]
            # The frame that the row names is the nearest, or as near as one that shows the same.
            assert away[near.index(0)] <= min(away) + 0.25, (row["source_name"], i, away)
            assert away[near.index(0)] < 8


def test_its_sound_is_the_sources(curated: Run) -> None:
    for row in curated.rows("lineage"):
        heard: list[npt.NDArray[np.int16]] = []
        with av.open(str(curated.corpus / row["source_name"])) as container:
            resampler = av.AudioResampler("s16", "mono", SAMPLING_RATE_HZ)
            for frame in container.decode(audio=0):
                heard += [part.to_ndarray()[0] for part in resampler.resample(frame)]
        first = round((row["start_seconds"] + row["sound_shift_seconds"]) * SAMPLING_RATE_HZ)
        sample = pcm_of_wav(parts_of(curated, row)["wav"], SAMPLING_RATE_HZ).astype(float)
        source = np.concatenate(heard).astype(float)
        # Containers begin sound and pictures a frame of sound apart: the lag is looked for within 0.1 s.
        lags = range(-SAMPLING_RATE_HZ // 10, SAMPLING_RATE_HZ // 10)
        middle = sample[SAMPLING_RATE_HZ // 2 : -SAMPLING_RATE_HZ // 2]
        begin = first + SAMPLING_RATE_HZ // 2
        best = max(np.corrcoef(middle, source[begin + lag : begin + lag + len(middle)])[0, 1] for lag in lags)
        assert best > 0.98


def test_recipes_name_the_code_the_settings_and_the_weights(curated: Run) -> None:
    said = json.loads((curated.out / "run.json").read_bytes())
    recipes = {recipe["stage"]: recipe for recipe in said["recipes"]}
    assert list(recipes) == [stage.name for stage in STAGES]
    for recipe in recipes.values():
        sections = {name: said["config"][name] for name in recipe["sections"]}
        plain = json.dumps(sections, sort_keys=True, separators=(",", ":")).encode()
        assert recipe["settings_sha256"] == hashlib.sha256(plain).hexdigest()
    assert {name: recipes[name]["code_version"] for name in VISITS} == {
        name: visit.code_version for name, visit in VISITS.items()
    }
    hashes = {backend["weights_sha256"] for backend in said["backends"]} - {None}
    assert all(any(digest in made for digest in hashes) for made in recipes["look"]["models"].values())
    for row in curated.rows("lineage"):
        steps = {step["stage"]: step["artefact_id"] for step in row["steps"]}
        assert list(steps) == ["survey", "audio", "look", "sync", "words", "body"]
        named = artefact_id(recipes["audio"]["recipe"], [row["key"], steps["survey"], "[]"])
        assert named == steps["audio"]


def test_explain_tells_it(curated: Run) -> None:
    row = curated.rows("lineage")[0]
    told = " ".join(" ".join(explain_fate(str(curated.out), row["key"])).split())
    assert f"shards/{row['shard']}, bytes {row['sample_offset']:,}" in told
    assert row["source_name"] in told and f"SHA-256 {row['video_id']}" in told
    look = next(r for r in RunFolder(str(curated.out)).finished().read_summary().recipes if r.stage == "look")
    assert f"look: code {look.code_version}; settings {look.settings_sha256[:12]}" in told


def test_what_package_did_not_do_keeps_its_recipe() -> None:
    config = CurateConfig()
    now = {recipe.stage: recipe for recipe in stage_recipes(config)}
    earlier = [dataclasses.replace(recipe, code_version=recipe.code_version - 1) for recipe in now.values()]
    then = {recipe.stage: recipe.code_version for recipe in stage_recipes(config, earlier)}
    for stage, recipe in now.items():
        assert then[stage] == recipe.code_version - (stage in VISITS)
    # Of a run that did not say, nothing is said of what is not known.
    assert not {recipe.stage for recipe in stage_recipes(config, [])} & VISITS.keys()


def test_a_piece_names_what_it_was_cut_from(tmp_path: Path) -> None:
    made = Made(make_pictures(tmp_path))
    steps = Artefact(stage="survey", artefact_id="a"), Artefact(stage="look", artefact_id="b")
    whole = make_clip(0)
    piece = PieceOf(clip_id="w" * 20, start_seconds=whole.start_seconds, artefacts=steps)
    clips = [made.clip(0, piece_of=piece), made.clip(1)]
    shard = build_shard("train-000000.tar", clips, made.parts, "c")
    rows = [to_row(row) for row in lineage_of_shard(shard.index, clips)]
    assert [row["sample_offset"] for row in rows] == shard.index["sample_offset"].to_pylist()
    assert rows[0]["sample_offset"] + rows[0]["sample_bytes"] == rows[1]["sample_offset"]
    told = next(row for row in rows if row["key"] == clips[0].clip_id)
    assert told["piece_of_clip_id"] == piece.clip_id
    assert [step["artefact_id"] for step in told["steps"][:2]] == ["a", "b"]
