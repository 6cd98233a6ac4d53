"""What fuzzing found, each as the smallest input that showed it; and that the fuzzing targets still work."""

import io
import json
import socket
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save

from backends.model_folder import ModelFolder
from body.load import load_body_model
from commands.lint_reading import read_members, read_secrets
from lint.decoded import decode_parts
from media.mp4 import count_frames
from models.data.catalogue import read_catalogue
from models.data.config import SampleLimits
from models.data.decode import read_about
from models.data.places import find_shards
from models.model_file import read_model
from models.motion.checkpoint import load_motion
from pipelines.config import CurateConfig
from pipelines.lease import _is_stale  # pyright: ignore[reportPrivateUsage]
from pipelines.manifest import read_manifest
from pipelines.package import records_of_file
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from pipelines.settings_file import read_settings_file
from schemas.exclusions import exclusions_of_json
from schemas.layout import named_result
from schemas.npz import read_arrays
from schemas.outcomes import BadInputError
from schemas.sample import SampleError, check_sample, decode_sample, wav_of_pcm
from tools.fuzz import bodies, media_files, samples, tables
from tools.fuzz.target import NAMED_ERRORS, Target, zipped

DEEP = b"[" * 100_000
HUGE = 10**400
TARGETS = [*bodies.TARGETS, *media_files.TARGETS, *samples.TARGETS, *tables.TARGETS]


@pytest.mark.parametrize("target", [pytest.param(target, id=target.name) for target in TARGETS])
def test_targets_read_what_they_begin_with(target: Target) -> None:
    for seed in target.seeds():
        try:
            target.read(seed)
        except NAMED_ERRORS as error:
            assert str(error)


def about_with(**changes: Any) -> bytes:
    return json.dumps(json.loads(samples.parts()[1]["json"]) | changes).encode()


def window_of(**changed: bytes) -> None:
    samples.read_windows(changed, with_clip_sound=True)


# ---- Samples and shards ------------------------------------------------------------------------------------


def test_an_array_packed_in_another_way_is_refused() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", b"x")
    with pytest.raises(BadInputError, match="packed in a way"):
        read_arrays(made, ["a"], "x")


def test_an_array_that_ends_in_its_magic_is_refused() -> None:
    with pytest.raises(BadInputError, match="not in"):
        read_arrays(io.BytesIO(zipped([("a.npy", b"\x93NUMPY")])), ["a"], "x")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|b1', 'fortran_order': False, 'shape': (10**12, 3)}",
        "{'descr': '|b1', 'shape': (" + "(" * 99,
    ],
)
def test_a_sample_whose_arrays_claim_the_memory_is_refused(header: str) -> None:
    npy = b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header.replace("10**12", str(10**12)).encode()
    with pytest.raises(SampleError, match="damaged"):
        decode_sample("k", samples.parts()[1] | {"npz": zipped([("a.npy", npy)])})


@pytest.mark.parametrize(
    "json_part",
    [
        DEEP,
        b"[]",
        b"{}",
        about_with(fps=HUGE),
        about_with(fps=0),
        about_with(num_frames="4"),
        about_with(width=0),
    ],
)
def test_a_sample_whose_json_is_absurd_is_refused(json_part: bytes) -> None:
    key, whole = samples.parts()
    with pytest.raises(SampleError):
        decode_sample(key, whole | {"json": json_part})
    with pytest.raises(NAMED_ERRORS):
        read_about(key, json_part, SampleLimits())
    assert "json" in decode_parts(whole | {"json": json_part}).faults


def test_a_sample_that_says_nothing_of_a_body_has_none() -> None:
    key, whole = samples.parts()
    about = json.loads(whole["json"])
    del about["body_fit"]
    check_sample(decode_sample(key, whole | {"json": json.dumps(about).encode()}), lambda _: 4)


def test_sound_whose_header_goes_beyond_the_file_is_refused() -> None:
    wav = bytearray(wav_of_pcm(np.zeros(4, np.int16), 16000))
    struct.pack_into("<I", wav, 16, 1 << 18)  # how long its chunk `fmt ` is
    with pytest.raises(SampleError, match="damaged"):
        decode_sample(samples.parts()[0], samples.parts()[1] | {"wav": bytes(wav)})
    assert "wav" in decode_parts(samples.parts()[1] | {"wav": bytes(wav)}).faults
    with pytest.raises(NAMED_ERRORS, match="sound"):
        window_of(wav=bytes(wav))


@pytest.mark.parametrize(
    "changes",
    [
        {"body_fit": {"betas": [HUGE]}},
        {"transcript": {"words": [{"start_seconds": HUGE, "end_seconds": HUGE}]}},
        {"transcript": {"words": [{"start_seconds": "0", "end_seconds": 1}]}},
    ],
)
def test_a_sample_with_absurd_numbers_is_a_bad_one(changes: dict[str, Any]) -> None:
    with pytest.raises(NAMED_ERRORS, match=r"betas|words"):
        window_of(json=about_with(**changes))


def test_an_mp4_whose_notes_are_no_text_has_its_frames() -> None:
    whole = samples.parts()[1]["mp4"]
    assert whole.count(b"VideoHandler") == 1
    assert count_frames(whole.replace(b"VideoHandler", b"\x80\xff\xfe" * 4)) == 4


def shard_with(*members: tarfile.TarInfo) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            archive.addfile(member)
    return made.getvalue()


def endless_headers(number: int) -> bytes:
    """Return so many headers that each announce the next one, as no archive needs."""
    record = b"13 comment=x\n"
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, len(record)
    return (header.tobuf(tarfile.USTAR_FORMAT) + record.ljust(512, b"\0")) * number


def with_map(text: str) -> bytes:
    member = tarfile.TarInfo("x.json")
    member.pax_headers = {"GNU.sparse.map": text, "GNU.sparse.size": "5"}
    return shard_with(member)


def far_away() -> bytes:
    member = tarfile.TarInfo("x.json")
    member.size = 2**80
    return member.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


@pytest.mark.parametrize(
    "shard", [with_map("1,x"), far_away(), endless_headers(3000)], ids=["map", "far", "endless"]
)
def test_a_shard_whose_headers_are_absurd_is_named(shard: bytes, tmp_path: Path) -> None:
    path = tmp_path / "train-000000.tar"
    path.write_bytes(shard)
    with pytest.raises(BadInputError, match="not a shard that can be read"):
        read_catalogue([str(path)], frozenset(), SampleLimits())
    assert read_members(io.BytesIO(shard), len(shard))[1].startswith(("cannot be read", "ends before"))


def test_an_index_whose_text_is_none_is_named(tmp_path: Path) -> None:
    _, index = samples.shard_bytes()
    table = pq.read_table(io.BytesIO(index))
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(struct.pack("<3i", 0, 1, 2)), pa.py_buffer(b"\x80\x81")]
    )
    (tmp_path / "index").mkdir()
    (tmp_path / "shards").mkdir()
    table = table.set_column(table.schema.get_field_index("key"), "key", broken)
    pq.write_table(table, tmp_path / "index" / "train-000000.parquet", use_dictionary=False)
    shard = tmp_path / "shards" / "train-000000.tar"
    shard.write_bytes(b"")
    with pytest.raises(BadInputError, match=r"train-000000\.parquet"):
        read_catalogue([str(shard)], frozenset(), SampleLimits())


# ---- Run folders -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [b'""', b"{}", b'{"0000": 1}', b"null", b"0", DEEP])
def test_a_list_of_exclusions_is_never_taken_for_an_empty_one(listed: bytes) -> None:
    with pytest.raises(BadInputError, match="not a list of excluded clips"):
        exclusions_of_json(b'{"excluded_clips": ' + listed + b"}", "x")


@pytest.mark.parametrize("name", [b'".."', b'""', b'"a/b"', b'"a\\u0000"', b"1", DEEP])
def test_a_remote_folder_names_no_result_elsewhere(name: bytes) -> None:
    import fsspec

    current = b'{"result": ' + name + b"}"
    assert named_result(current) is None
    with fsspec.open("memory://fuzzed-names/current.json", "wb") as file:
        file.write(current)  # pyright: ignore
    with pytest.raises(BadInputError, match="does not name a result"):
        find_shards("memory://fuzzed-names")


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    place = tmp_path / "tables" / "clips-00000-of-00001.parquet"
    place.parent.mkdir()
    place.write_bytes(b"PAR1" + bytes(20))
    for read in (
        lambda: Result(str(tmp_path)).check_table("clips"),
        lambda: list(records_of_file(str(place), "clips")),
    ):
        with pytest.raises(BadInputError, match=r"clips-00000-of-00001\.parquet: cannot be read"):
            read()
    pq.write_table(pa.table({"clip_id": ["a"]}), place)
    with pytest.raises(BadInputError, match="cannot be read"):
        list(records_of_file(str(place), "clips"))


def test_notes_of_the_last_run_may_be_anything() -> None:
    read_secrets(b'{"sources": [], "pseudonyms": {"speaker_id": [1, null]}}')


def test_a_torn_lease_holds_nothing_up() -> None:

    mine = json.dumps({"host": socket.gethostname(), "process": 10**30, "renewed": 0}).encode()
    assert all(map(_is_stale, (mine, DEEP, b'{"host": "x", "renewed": NaN}', b"[]")))


# ---- Manifests and settings --------------------------------------------------------------------------------


def test_a_manifest_with_a_time_zone_that_is_none_names_the_row(tmp_path: Path) -> None:
    born = pa.array([0], pa.timestamp("us", "Nowhere/Land"))
    pq.write_table(pa.table({"uri": ["a.mp4"], "attribute_born": born}), tmp_path / "m.parquet")
    with pytest.raises(BadInputError, match="row 1: the column 'attribute_born' cannot be read"):
        read_manifest(str(tmp_path / "m.parquet"), CurateConfig())


@pytest.mark.parametrize(
    "text",
    [
        "x: !!bool y",
        "x: !!int ''",
        "x: !!float ''",
        "x: !!timestamp y",
        f"x: 1{':59' * 200}.5",
        "x: !!binary é",
    ],
)
def test_settings_that_a_tag_makes_absurd_are_not_valid_yaml(text: str, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match="not valid YAML"):
        read_settings_file(str(path))


# ---- Models ------------------------------------------------------------------------------------------------


def test_weights_of_a_kind_that_none_has_are_refused(tmp_path: Path) -> None:
    data = save({"a": torch.zeros(2, dtype=torch.float8_e4m3fn)}, {"about": "{}"})
    path = tmp_path / "vae" / "diffusion_pytorch_model.safetensors"
    path.parent.mkdir()
    path.write_bytes(data)
    for read in (
        lambda: read_model(path, "mentor-motion-2"),
        lambda: ModelFolder.opened(tmp_path).weights("vae"),
    ):
        with pytest.raises(BadInputError):
            read()


def test_a_model_that_says_too_much_of_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(save({"a": torch.zeros(2)}, {"about": DEEP.decode()}))
    with pytest.raises(BadInputError, match="not a motion model"):
        read_model(path, "mentor-motion-2")


@pytest.mark.parametrize(
    "change", [{"width": 190}, {"dropout": -1.0}, {"width": 10**6}, {"num_layers": 10**7}]
)
def test_a_motion_model_of_absurd_size_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="motion model"):
        load_motion(bodies.motion_with(change, tmp_path / "m.safetensors"))


def _no_frontal_row(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    rows = {name: arrays[name][:0] for name in ("dynamic_lmk_faces_idx", "dynamic_lmk_bary_coords")}
    return arrays | rows


def _too_large(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return arrays | {"v_template": arrays["v_template"] * 1e300}


@pytest.mark.parametrize("change", [_no_frontal_row, _too_large])
def test_a_body_model_that_makes_no_sense_is_refused(change: Callable[[Any], Any], tmp_path: Path) -> None:
    path = tmp_path / "SMPLX_X.npz"
    np.savez(path, **change(read_arrays(io.BytesIO(bodies.small_body()))))
    with pytest.raises(BadInputError, match="SMPLX_X"):
        load_body_model(path)


def test_a_folder_that_names_nothing_has_no_result(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "last_run.json").write_bytes(DEEP)
    assert RunFolder(str(tmp_path)).last_run() is None


def _mpeg_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def test_a_stream_that_becomes_pictures_on_its_way_is_no_pictures(tmp_path: Path) -> None:
    path = tmp_path / "sound.ts"
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_stream("mp2", rate=16000)
        silence = np.zeros((1, 16000), np.int16)
        frame = av.AudioFrame.from_ndarray(silence, format="s16", layout="mono")
        frame.sample_rate = 16000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    packets = [path.read_bytes()[i : i + 188] for i in range(0, path.stat().st_size, 188)]
    table = next(
        packet for packet in packets if (packet[1] & 0x1F, packet[2]) == (0x10, 0)
    )  # of the programme
    start = 5 + table[4]
    length = 3 + (((table[start + 1] & 0x0F) << 8) | table[start + 2])
    section = bytearray(table[start : start + length])
    section[5] ^= 0x02  # the table's next version
    section[12 + (((section[10] & 0x0F) << 8) | section[11])] = 0x1B  # H.264
    section[-4:] = struct.pack(">I", _mpeg_crc(bytes(section[:-4])))
    changed = table[:start] + bytes(section) + table[start + length :]
    path.write_bytes(b"".join([*packets[:12], changed, *packets[12:]]))
    with av.open(str(path)) as container:
        assert [s.type for s in container.streams] == ["audio"]
    probed = media_files.TARGETS[[t.name for t in media_files.TARGETS].index("probe")]
    try:
        probed.read(path.read_bytes())
    except NAMED_ERRORS as error:
        assert str(error)


def test_a_tar_file_that_leads_back_to_its_own_beginning_is_left() -> None:
    header = bytearray(tarfile.TarInfo("a.json").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + struct.pack(">h", -512)  # its size, so that it follows itself
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    data = tarfile.TarInfo("b.json").tobuf(tarfile.GNU_FORMAT) + bytes(header) + bytes(1024)
    members, wrong, _ = read_members(io.BytesIO(data), len(data))
    assert len(members) == 2 and "a.json" in wrong
