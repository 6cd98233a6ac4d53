"""What readers meet: samples that are bad, excluded or hostile; shards without index, or elsewhere."""

import contextlib
import http.server
import io
import json
import logging
import shutil
import tarfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from models.data.clips import clips
from models.data.collate import collate
from models.data.config import SampleLimits, WindowConfig
from models.data.loader import WindowLoader
from models.data.places import find_shards
from models.data.windows import ShardWindows
from schemas.exclusions import exclusions_to_json, veiled_key
from schemas.outcomes import BadInputError
from schemas.records.clip import Clip
from schemas.records.person import Identity
from tests.models.made_shards import write_shards

LENGTHS = (60, 70, 51, 90, 100, 30, 64, 75)
CONFIG = WindowConfig(num_frames=40, arrays=("smplx:jaw",), weighted=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Clip]]:
    folder = tmp_path_factory.mktemp("reading") / "OUT"
    return folder, write_shards(folder, LENGTHS, sampling_weight=[0.25, 0.25, 0.5, 0.5, 1.0, 1.0, 1.5, 3.0])


@pytest.fixture
def out(made: tuple[Path, list[Clip]], tmp_path: Path) -> Path:
    """A copy of the shards that a test may change."""
    return Path(shutil.copytree(made[0], tmp_path / "OUT"))


@pytest.fixture
def keys(made: tuple[Path, list[Clip]]) -> list[str]:
    return [clip.clip_id for clip in made[1]]


def keys_of(out: Path | str | list[str], config: WindowConfig = CONFIG, epochs: int = 1) -> list[str]:
    return [window.key for window in ShardWindows(out, config, seed=3, epochs=epochs)]


def rewrite(out: Path, key: str, part: str, change: Callable[[bytes], bytes | None]) -> None:
    """Change a part of a sample within its shard, whose index is removed; None leaves the part out."""
    for path in (out / "shards").glob("*.tar"):
        with tarfile.open(path) as archive:
            files = [(m.name, archive.extractfile(m).read()) for m in archive]  # pyright: ignore[reportOptionalMemberAccess]
        if not any(name.startswith(key) for name, _ in files):
            continue
        with tarfile.open(path, "w") as archive:
            for name, data in files:
                new = change(data) if name == f"{key}.{part}" else data
                if new is not None:
                    member = tarfile.TarInfo(name)
                    member.size = len(new)
                    archive.addfile(member, io.BytesIO(new))
        (out / "index" / f"{path.stem}.parquet").unlink()


def said(**changes: object) -> Callable[[bytes], bytes]:
    return lambda data: json.dumps(json.loads(data) | changes).encode()


def claiming(data: bytes) -> bytes:
    """Return an npz whose array claims to have a terabyte."""
    with zipfile.ZipFile(made_up := io.BytesIO(), "w") as archive:
        head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (60, 5000000000), }"
        head += b" " * (63 - len(head) % 64 + 54) + b"\n"
        archive.writestr("smplx:jaw.npy", b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
    return made_up.getvalue()


def with_objects(data: bytes) -> bytes:
    objects: Any = {"smplx:jaw": np.array([{}] * 60, object)}
    np.savez(made_up := io.BytesIO(), **objects)
    return made_up.getvalue()


BAD: dict[str, tuple[str, Callable[[bytes], bytes | None], str]] = {
    "no_json": ("json", lambda _: None, "its json is missing"),
    "no_npz": ("npz", lambda _: None, "its npz is missing"),
    "json_cut": ("json", lambda data: data[:100], "JSON is damaged"),
    "json_deep": ("json", lambda _: b"[" * 100_000, "JSON is damaged"),
    "json_list": ("json", lambda _: b"[]", "JSON is damaged"),
    "other_key": ("json", said(key="0" * 20), "another sample"),
    "no_frames": ("json", said(num_frames=0), "0 frames"),
    "many_frames": ("json", said(num_frames=10**12), "1000000000000 frames"),
    "fps": ("json", said(fps=1e300), "frames a second"),
    "words": ("json", said(transcript={"words": [{"start_seconds": "x"}]}), "words are damaged"),
    "betas": ("json", said(body_fit={"betas": ["x"]}), "betas"),
    "npz_cut": ("npz", lambda data: data[: len(data) // 2], "npz"),
    "npz_objects": ("npz", with_objects, "smplx:jaw is missing"),
    "npz_claims": ("npz", claiming, "claims"),
    "wav_cut": ("wav", lambda data: data[:2000], "sound"),
    "wav_none": ("wav", lambda _: b"RIFF", "sound"),
    "mp4_cut": ("mp4", lambda data: data[: len(data) // 2], "pictures"),
    "mp4_none": ("mp4", lambda _: b"none", "pictures"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_sample_is_counted_named_and_skipped(
    out: Path, keys: list[str], kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    part, change, reason = BAD[kind]
    rewrite(out, keys[0], part, change)
    config = replace(CONFIG, with_frames=True)
    loader = WindowLoader(ShardWindows(out, config, seed=3, batch_size=2))
    with caplog.at_level(logging.WARNING):
        found = [key for batch in loader for key in batch.keys]
    assert len(found) == len(LENGTHS) and set(found) == set(keys[1:])
    (skipped,) = loader.skipped.values()
    assert skipped.key == keys[0] and reason in skipped.reason
    assert f"{skipped.shard}: {keys[0]}" in caplog.text and reason in caplog.text
    with pytest.raises(BadInputError, match=rf"1 bad samples.*{keys[0]}"):
        list(ShardWindows(out, replace(config, max_bad_samples=0), seed=3))


def test_skipping_is_the_same_with_workers_and_limits_hold_there(out: Path, keys: list[str]) -> None:
    for key in keys[:3]:
        rewrite(out, key, "npz", lambda _: b"")

    def seen(num_workers: int, allowed: int) -> list[tuple[str, ...]]:
        windows = ShardWindows(out, replace(CONFIG, max_bad_samples=allowed), seed=3, batch_size=2)
        return [batch.keys for batch in WindowLoader(windows, num_workers=num_workers)]

    assert seen(0, 3) == seen(2, 3)
    for num_workers in (0, 2):
        with pytest.raises(BadInputError, match="bad samples"):
            seen(num_workers, 2)


def test_whole_clips_skip_what_is_bad_and_repeat_none(out: Path, keys: list[str]) -> None:
    rewrite(out, keys[4], "wav", lambda _: b"")
    found = [window.key for window in clips(out, CONFIG, split="train")]
    assert sorted(found) == sorted(set(keys) - {keys[4]})


def test_limits_hold_before_anything_is_read(out: Path, keys: list[str]) -> None:
    small = replace(CONFIG, limits=SampleLimits(max_npz_bytes=1000), max_bad_samples=100)
    with pytest.raises(BadInputError, match="none of the 8 samples"):
        keys_of(out, small)
    tall = replace(CONFIG, with_frames=True, limits=SampleLimits(max_window_bytes=10_000), max_bad_samples=0)
    with pytest.raises(BadInputError, match="take 1474560 bytes"):
        keys_of(out, tall)


def test_samples_are_drawn_by_their_weights(made: tuple[Path, list[Clip]]) -> None:
    config = WindowConfig(num_frames=40, with_sound=False)
    counts = Counter(keys_of(made[0], config, epochs=50))
    for clip in made[1]:
        assert counts[clip.clip_id] / 50 == pytest.approx(clip.sampling_weight, abs=0.25)
    assert set(Counter(keys_of(made[0], CONFIG, epochs=3)).values()) == {3}


def test_excluded_clips_are_never_read(
    out: Path, keys: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = keys[:2]
    (out / "exclusions.json").write_bytes(exclusions_to_json(map(veiled_key, gone)))
    for index in (True, False):
        if not index:
            shutil.rmtree(out / "index")
        # Reading them would be noticed: nothing in them is what it was.
        assert set(keys_of(out)) == set(keys[2:])
        assert {w.key for w in clips(out, CONFIG, split="train")} == set(keys[2:])
    assert all(key not in (out / "exclusions.json").read_text() for key in keys)


def test_a_clip_that_is_excluded_meanwhile_is_read_no_more(out: Path, keys: list[str]) -> None:
    windows = ShardWindows(out, CONFIG, seed=3, epochs=3)
    reading = iter(windows)
    next(reading)
    (out / "exclusions.json").write_bytes(exclusions_to_json([veiled_key(keys[5])]))
    rest = [window.key for window in reading]
    assert keys[5] not in rest and len(rest) == 3 * len(keys) - 1 and not windows.skipped


def test_what_was_read_ahead_of_an_exclusion_does_not_get_out(out: Path, keys: list[str]) -> None:
    windows = ShardWindows(out, CONFIG, seed=3, batch_size=2, epochs=3)
    loader = WindowLoader(windows, num_workers=1, prefetch_factor=4)
    batches = iter(loader)
    first = next(batches)
    time.sleep(1.0)  # the others are read meanwhile
    gone = next(key for key in keys if key not in first.keys)
    (out / "exclusions.json").write_bytes(exclusions_to_json([veiled_key(gone)]))
    rest = [key for batch in batches for key in batch.keys]
    assert gone not in rest and len(rest) == 3 * len(keys) - 2
    assert loader.state_dict()["draw"] == 3 * len(keys)


def test_a_run_folder_keeps_its_list_beside_its_results(out: Path, keys: list[str], tmp_path: Path) -> None:
    run = tmp_path / "RUN"
    (run / "results").mkdir(parents=True)
    shutil.copytree(out, run / "results" / "r1")
    (run / "current").symlink_to("results/r1")
    (run / "shards").symlink_to("current/shards")
    (run / "exclusions.json").write_bytes(exclusions_to_json([veiled_key(keys[3])]))
    for name in (run, run / "shards", run / "current", run / "current" / "shards" / "train-*.tar"):
        assert set(keys_of(str(name))) == set(keys) - {keys[3]}
    (run / "exclusions.json").write_bytes(b"{}")
    with pytest.raises(BadInputError, match="not a list of excluded clips"):
        keys_of(run)


def test_state_of_other_samples_is_refused(out: Path, keys: list[str]) -> None:
    state = ShardWindows(out, CONFIG, seed=3).state_dict()
    with pytest.raises(BadInputError, match=r"saved with seed 3, and this is 4.*begin epoch 0 anew"):
        ShardWindows(out, CONFIG, seed=4).load_state_dict(state)
    (out / "exclusions.json").write_bytes(exclusions_to_json([veiled_key(keys[3])]))
    with pytest.raises(BadInputError, match=r"num_samples 8, and this is 7.*set_epoch\(0\)"):
        ShardWindows(out, CONFIG, seed=3).load_state_dict(state)


def test_shards_are_read_without_their_index_alike(out: Path) -> None:
    with_index = keys_of(out)
    shutil.rmtree(out / "index")
    assert keys_of(out) == with_index


def test_an_index_that_lies_is_found_out(out: Path, keys: list[str]) -> None:
    first, second = sorted((out / "shards").glob("*.tar"))[:2]
    shutil.copy(first, second)
    config = replace(CONFIG, max_bad_samples=100)
    windows = ShardWindows(out, config, seed=3)
    read = [window.key for window in windows]
    assert windows.skipped and all(
        "another sample" in s.reason or "damaged" in s.reason for s in windows.skipped.values()
    )
    assert len(read) == len(keys)
    (out / "index" / f"{second.stem}.parquet").write_bytes(b"PAR1 none")
    with pytest.raises(BadInputError, match=rf"{second.stem}.parquet: cannot be read.*curate again"):
        keys_of(out)


def test_what_is_no_shard_is_named(tmp_path: Path) -> None:
    (tmp_path / "train-000000.tar").write_bytes(b"no tar" * 1000)
    with pytest.raises(BadInputError, match=r"train-000000.tar: not a shard"):
        keys_of(tmp_path)
    for nothing in (tmp_path / "none", str(tmp_path / "x-*.tar"), []):
        with pytest.raises((BadInputError, ValueError), match="no shards"):
            keys_of(nothing)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "name",
    [
        "pipe:touch {}/hacked",
        "pipe://touch {}/hacked",
        "ssh://host/a.tar",
        "simplecache::http://h/a.tar",
        "http::s3://a/b.tar",
    ],
)
def test_no_name_reaches_a_shell_or_a_chain(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInputError, match="not a place that is opened here"):
        find_shards([name.format(tmp_path)])
    assert not list(tmp_path.iterdir())


def test_a_header_that_claims_a_gigabyte_is_refused(tmp_path: Path) -> None:
    member = tarfile.TarInfo("././@PaxHeader")
    member.type, member.size = tarfile.XHDTYPE, 2**30
    (tmp_path / "train-000000.tar").write_bytes(member.tobuf(tarfile.USTAR_FORMAT) + b"\0" * 10_000)
    with pytest.raises(BadInputError, match="a header of 1073741824 bytes"):
        keys_of(tmp_path)


def test_patterns_lists_and_braces_mean_the_same(out: Path) -> None:
    shards = out / "shards"
    whole = find_shards(out)
    assert len(whole) == 4 and find_shards(shards) == whole
    assert find_shards(str(shards / "train-*.tar")) == whole
    assert find_shards(f"{shards}/train-{{000000..000003}}.tar") == whole
    assert find_shards([*whole, whole[0]]) == whole
    with pytest.raises(BadInputError, match="more than"):
        find_shards(f"{shards}/train-{{000000..999999}}.tar")


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP, parts of files included; yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = folder / self.path.lstrip("/")
            if not path.is_file():
                self.send_error(404)
                return
            data, asked = path.read_bytes(), self.headers.get("Range")
            if asked:
                first, _, last = asked.removeprefix("bytes=").partition("-")
                part = data[int(first) : int(last) + 1]
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            else:
                part = data
                self.send_response(200)
            self.send_header("Content-Length", str(len(part)))
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            self.wfile.write(part if self.command == "GET" else b"")

        do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def test_remote_shards_are_read_alike_and_their_exclusions_kept(out: Path, keys: list[str]) -> None:
    here = keys_of(out)
    with served(out) as address:
        there = f"{address}/shards/train-{{000000..000003}}.tar"
        assert keys_of(there) == here
        shutil.rmtree(out / "index")
        assert keys_of(there) == here
        (out / "exclusions.json").write_bytes(exclusions_to_json([veiled_key(keys[3])]))
        assert set(keys_of(there)) == set(keys) - {keys[3]}


def test_a_remote_run_folder_names_its_current_result(out: Path, keys: list[str]) -> None:
    memory = fsspec.filesystem("memory")
    memory.put(str(out), "/bucket/out/results/r1", recursive=True)
    memory.pipe("/bucket/out/current.json", b'{"result": "r1"}')
    memory.pipe("/bucket/out/exclusions.json", exclusions_to_json([veiled_key(keys[3])]))
    try:
        assert set(keys_of("memory://bucket/out")) == set(keys) - {keys[3]}
    finally:
        memory.rm("/bucket", recursive=True)


def test_whole_clips_are_batched_by_length_and_masked(made: tuple[Path, list[Clip]]) -> None:
    config = replace(CONFIG, num_frames=None, bucket_batches=2, with_frames=True)
    for batch in WindowLoader(ShardWindows(made[0], config, seed=1, batch_size=2)):
        lengths = batch.num_valid.tolist()
        assert batch.mask.sum(1).tolist() == lengths == batch.num_frames.tolist()
        assert batch.arrays["smplx:jaw"].shape == (2, max(lengths), 3)
        assert batch.frames is not None and batch.frames.shape == (2, max(lengths), 96, 128, 3)
        assert batch.sound is not None and batch.num_sound is not None
        assert batch.num_sound.tolist() == [640 * n for n in lengths]
        assert not batch.arrays["smplx:jaw"][~batch.mask].any()
        assert not batch.to("cpu").frames[~batch.mask].any()  # pyright: ignore[reportOptionalSubscript]


def test_arrays_that_do_not_fit_together_are_named(made: tuple[Path, list[Clip]]) -> None:
    windows = list(ShardWindows(made[0], CONFIG, seed=1))[:2]
    odd = replace(windows[0], arrays={"smplx:jaw": np.zeros((40, 4), np.float32)})
    with pytest.raises(BadInputError, match=r"smplx:jaw differs.*float32\[3\], float32\[4\]"):
        collate([windows[1], odd])


@pytest.mark.parametrize(("power", "share"), [(0.0, 6 / 8), (0.5, 6**0.5 / (6**0.5 + 2**0.5)), (1.0, 1 / 2)])
def test_people_with_many_clips_count_as_much_as_is_said(tmp_path: Path, power: float, share: float) -> None:
    """Six clips of one person and two of another."""
    people = [Identity(identity_id=who, confidence=1.0, embedder="e", split_group=who) for who in "aaaaaabb"]
    made = write_shards(tmp_path / "OUT", LENGTHS, identity=people)
    mine = {clip.clip_id for clip in made[:6]}
    config = replace(CONFIG, weighted=True, person_power=power)
    windows = ShardWindows(tmp_path / "OUT", config, seed=3, epochs=50)
    drawn = [window.key in mine for window in windows]
    assert np.mean(drawn) == pytest.approx(share, abs=0.03)
