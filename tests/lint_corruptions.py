"""Ways to spoil a finished run, by the code of the rule that must name them."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from schemas.exclusions import exclusions_to_json, veiled_key
from schemas.sample import arrays_to_npz, npz_to_arrays, to_json_bytes, wav_of_pcm

Members = list[tuple[tarfile.TarInfo, bytes]]
Corruption = Callable[[Path], object]


def result_of(out: Path) -> Path:
    """Return the folder of the current result."""
    return out / "results" / (out / "current").readlink().name


def table_file(out: Path, table: str) -> Path:
    """Return the one file of a table, or of an index."""
    (path,) = result_of(out).glob(f"tables/{table}-*.parquet")
    return path


def rows(out: Path, table: str) -> list[dict[str, Any]]:
    """Return a table's rows."""
    return pq.read_table(table_file(out, table)).to_pylist()


def change_rows(path: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the rows of a Parquet file."""
    table = pq.read_table(path)
    plain = table.to_pylist()
    change(plain)
    pq.write_table(pa.Table.from_pylist(plain, schema=table.schema), path)


def in_table(table: str, change: Callable[[list[dict[str, Any]]], object]) -> Corruption:
    """Return what changes the rows of a table."""
    return lambda out: change_rows(table_file(out, table), change)


def first_shard(out: Path) -> Path:
    """Return the first shard."""
    return min(result_of(out).glob("shards/*.tar"))


def index_of(shard: Path) -> Path:
    """Return a shard's index."""
    return shard.parent.parent / "index" / f"{shard.stem}.parquet"


def in_shard(change: Callable[[Members], object]) -> Corruption:
    """Return what changes the members of the first shard."""

    def corrupt(out: Path) -> None:
        shard = first_shard(out)
        with tarfile.open(shard) as tar:
            members = [(m, (tar.extractfile(m) or io.BytesIO()).read()) for m in tar]
        change(members)
        with tarfile.open(shard, "w", format=tarfile.USTAR_FORMAT) as tar:
            for member, data in members:
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))

    return corrupt


def in_part(part: str, change: Callable[[bytes], bytes]) -> Corruption:
    """Return what changes a part of the first sample."""

    def corrupt(members: Members) -> None:
        place = next(i for i, (m, _) in enumerate(members) if m.name.endswith(f".{part}"))
        members[place] = (members[place][0], change(members[place][1]))

    return in_shard(corrupt)


def in_json(change: Callable[[dict[str, Any]], object]) -> Corruption:
    """Return what changes the JSON of the first sample."""

    def changed(data: bytes) -> bytes:
        about = json.loads(data)
        change(about)
        return to_json_bytes(about)

    return in_part("json", changed)


def in_arrays(change: Callable[[dict[str, Any]], object]) -> Corruption:
    """Return what changes the arrays of the first sample."""

    def changed(data: bytes) -> bytes:
        arrays = {name: array.copy() for name, array in npz_to_arrays(data).items()}
        change(arrays)
        return arrays_to_npz(arrays)

    return in_part("npz", changed)


def in_run_json(change: Callable[[dict[str, Any]], object]) -> Corruption:
    """Return what changes run.json."""

    def corrupt(out: Path) -> None:
        path = result_of(out) / "run.json"
        said = json.loads(path.read_text())
        change(said)
        path.write_text(json.dumps(said))

    return corrupt


def in_index(change: Callable[[list[dict[str, Any]]], object]) -> Corruption:
    """Return what changes the index of the first shard."""
    return lambda out: change_rows(index_of(first_shard(out)), change)


def member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """Return a header of a file of a shard."""
    made = tarfile.TarInfo(name)
    made.type, made.uname, made.gname = kind, "mentor", "mentor"
    if kind == tarfile.SYMTYPE:
        made.linkname = "/etc/passwd"
    return made


def with_column(table: str, name: str, value: Any) -> Corruption:
    """Return what adds a column to a table."""

    def corrupt(out: Path) -> None:
        path = table_file(out, table)
        read = pq.read_table(path)
        column = pa.array([value] * len(read))
        pq.write_table(read.append_column(name, column), path)

    return corrupt


def pickled(_: bytes) -> bytes:
    """Return an .npz whose array is a pickle that makes a file when it is read."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **{"face:landmarks": np.array([_Trap()], object)})
    return buffer.getvalue()


class _Trap:
    def __reduce__(self) -> Any:
        return os.mkdir, ("unpickled-by-lint",)


def _accepted(table: list[dict[str, Any]]) -> dict[str, Any]:
    return next(row for row in table if row["status"] == "accepted")


def _leak(table: list[dict[str, Any]]) -> None:
    """Put one of two clips of a person into another split."""
    seen: set[str] = set()
    for row in table:
        who = row["identity_identity_id"]
        if row["status"] == "accepted" and who in seen:
            row["split"] = "test"
        seen.add(who)
    assert any(row["split"] == "test" for row in table)


def _lookalike(table: list[dict[str, Any]]) -> None:
    """Let two people of two splits share a group of look-alikes."""
    people = sorted({row["identity_identity_id"] for row in table if row["status"] == "accepted"})
    for row in table:
        if row["status"] == "accepted":
            row["identity_split_group"] = "together"
            row["split"] = "val" if row["identity_identity_id"] == people[0] else "train"


def _show(table: list[dict[str, Any]]) -> None:
    row = next(r for r in table if r["suppressed"] and r["value"] not in ("unknown", "not_measured"))
    row |= {"suppressed": False, "num_people": 2, "num_clips": 2}


def _flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]


def _delete(pattern: str) -> Corruption:
    return lambda out: min(result_of(out).glob(pattern)).unlink()


def _write(path: str, data: bytes) -> Corruption:
    return lambda out: (result_of(out) / path).write_bytes(data)


def _huge(out: Path) -> None:
    """Let a header claim more than any part may have."""
    shard = first_shard(out)
    data = bytearray(shard.read_bytes())
    with tarfile.open(shard) as tar:
        first = tar.getmembers()[0]
    first.size = 2**33
    data[:512] = first.tobuf(format=tarfile.GNU_FORMAT)
    shard.write_bytes(bytes(data))


def _exclude_drawn(out: Path) -> None:
    key = _accepted(rows(out, "clips"))["clip_id"]
    (out / "exclusions.json").write_bytes(exclusions_to_json([veiled_key(key)]))
    (out / "inspect" / key).mkdir(parents=True)


def _relink(out: Path) -> None:
    (out / "shards").unlink()
    (out / "shards").symlink_to("results")


def _absolute(out: Path) -> None:
    target = result_of(out).absolute()
    (out / "current").unlink()
    (out / "current").symlink_to(target)


def _private_word(out: Path) -> None:
    page = result_of(out) / "report" / "index.html"
    page.write_bytes(page.read_bytes().replace(b"</main>", b"<p>/home/alice/videos/1.mp4</p></main>"))


def _private_name(out: Path) -> None:
    """Put what a pseudonym stands for into a title."""
    path = out / "work" / "last_run.json"
    known = json.loads(path.read_text())
    known["pseudonyms"] = {"speaker_id": {"Jane Q. Doe": "0" * 20}}
    path.write_text(json.dumps(known))
    in_table("clips", lambda table: table[0].update(source_title="with Jane Q. Doe"))(out)


def _in_shards(out: Path) -> None:
    """Copy the first shard's sample into another shard, index and all."""
    first, second = sorted(result_of(out).glob("shards/*.tar"))[:2]
    second.write_bytes(first.read_bytes())
    taken = pq.read_table(index_of(first)).to_pylist()
    for row in taken:
        row["shard"] = second.name
    schema = pq.read_schema(index_of(second))
    pq.write_table(pa.Table.from_pylist(taken, schema=schema), index_of(second))


CORRUPTIONS: Mapping[str, Corruption] = {
    "layout-version": lambda out: (out / "layout.json").write_text('{"layout_version": "9"}'),
    "current-link": _absolute,
    "root-link": _relink,
    "odd-file": lambda out: (result_of(out) / "tables" / "more.parquet").symlink_to("/etc/passwd"),
    "stray-file": _write("shards/face.npz", b"0"),
    "table-missing": _delete("tables/videos-*"),
    "page-missing": _delete("report/bias.html"),
    "croissant-json": _delete("croissant.json"),
    "file-hash": in_table("failures", lambda rows: rows[0].update(error="all is well")),
    "index-missing": _delete("index/*"),
    "shard-missing": _delete("shards/*.tar"),
    "exclusions-damaged": lambda out: (out / "exclusions.json").write_text("{}"),
    "excluded-drawn": _exclude_drawn,
    "run-json": _write("run.json", b'{"schema_version":'),
    "schema-version": in_run_json(lambda said: said.update(schema_version="0")),
    "config-hash": in_run_json(lambda said: said["config"]["clips"].update(min_seconds=0.5)),
    "stage-counts": in_run_json(lambda said: said["stages"][0].update(num_out=1)),
    "table-unreadable": lambda out: table_file(out, "shots").write_bytes(b"PAR1" + b"0" * 99),
    "table-version": lambda out: table_file(out, "shots").write_bytes(
        table_file(out, "face_tracks").read_bytes()
    ),
    "table-columns": with_column("videos", "where_it_lies", "x"),
    "biometric-column": with_column("clips", "face_embedding", [0.1] * 128),
    "duplicate-id": in_table("videos", lambda table: table.append(table[0])),
    "orphan": in_table("shots", lambda table: table[0].update(video_id="0" * 20)),
    "span-outside": in_table("clips", lambda table: table[0].update(end_seconds=99.0)),
    "clip-length": in_table("clips", lambda table: table[0].update(num_frames=table[0]["num_frames"] + 3)),
    "shot-id": in_table("shots", lambda table: table[0].update(start_frame=1)),
    "key-name": in_table("clips", lambda table: table[0].update(clip_id="../../x")),
    "clip-status": in_table("clips", lambda table: _accepted(table).update(status="rejected")),
    "unknown-clip": in_table(
        "rejections",
        lambda table: next(r for r in table if r["level"] == "clip").update(subject_id="0" * 20),
    ),
    "split-name": in_table("clips", lambda table: _accepted(table).update(split="dev")),
    "split-leak": in_table("clips", _leak),
    "lookalike-leak": in_table("clips", _lookalike),
    "weight": in_table("clips", lambda table: _accepted(table).update(sampling_weight=-1.0)),
    "consent": in_table("clips", lambda table: _accepted(table).update(source_consent="refused")),
    "consent-over": in_table(
        "clips", lambda table: _accepted(table).update(source_terms_expires_on="2020-01-01")
    ),
    "scope-lacking": in_table("clips", lambda table: _accepted(table).update(source_terms_scope="publish")),
    "source-name": in_table("videos", lambda table: table[0].update(source_name="/srv/a.mp4")),
    "private-identifier": in_table(
        "clips", lambda table: _accepted(table).update(source_speaker_id="jane.doe@example.org")
    ),
    "totals": in_run_json(lambda said: said["totals"].update(accepted_clips=77)),
    "reason-counts": in_run_json(lambda said: said["rejected_by_reason"].update(no_face=9)),
    "stage-rows": in_table(
        "rejections", lambda table: table.remove(next(r for r in table if r["level"] == "clip"))
    ),
    "shard-unreadable": lambda out: first_shard(out).write_bytes(first_shard(out).read_bytes()[:2000]),
    "member-kind": in_shard(lambda members: members.append((member("x.json", tarfile.SYMTYPE), b""))),
    "member-name": in_shard(lambda members: members.append((member("/etc/cron.d/x.json"), b"0"))),
    "biometric-member": in_shard(lambda members: members.append((member("x.embedding.npy"), b"0"))),
    "member-owner": in_shard(lambda members: setattr(members[0][0], "uname", "alice")),
    "part-missing": in_shard(lambda members: members.pop(1)),
    "part-twice": in_shard(lambda members: members.append(members[0])),
    "part-size": _huge,
    "sample-order": in_shard(lambda members: members.insert(2, (member("a.json"), b"{}"))),
    "shard-tail": lambda out: first_shard(out).write_bytes(first_shard(out).read_bytes() + b"hidden"),
    "index-unreadable": lambda out: index_of(first_shard(out)).write_bytes(b"PAR1"),
    "index-columns": lambda out: pq.write_table(
        pq.read_table(index_of(first_shard(out))).drop_columns(["fps"]), index_of(first_shard(out))
    ),
    "index-keys": in_index(lambda table: table.pop()),
    "index-place": in_index(lambda table: table[0].update(mp4_offset=0)),
    "shard-split": in_index(lambda table: table[0].update(split="val")),
    "energon-offsets": lambda out: first_shard(out).with_suffix(".tar.idx").write_bytes(b"0" * 16),
    "part-hash": in_part("mp4", _flip),
    "json-damaged": in_part("json", lambda data: data[:50]),
    "json-unseen": in_part("json", lambda data: data.replace(b'"key"', b'"k\x1b[31mey"')),
    "json-fields": in_json(lambda about: about.pop("audio")),
    "json-words": in_json(lambda about: about["transcript"].update(text="something else")),
    "json-labels": in_json(lambda about: about["person_attributes"][0].update(value="70+")),
    "json-weight": in_json(lambda about: about.update(sampling_weight=3.0)),
    "json-config": in_json(lambda about: about["provenance"].update(config_hash="0" * 16)),
    "json-records": in_json(lambda about: about.update(start_seconds=1.0)),
    "word-span": in_json(lambda about: about["transcript"]["words"][0].update(end_seconds=99.0)),
    "wav-damaged": in_part("wav", lambda data: data[:30]),
    "sound-length": in_part("wav", lambda _: wav_of_pcm(np.zeros(16000, np.int16), 16000)),
    "npz-damaged": in_part("npz", pickled),
    "array-name": in_arrays(lambda arrays: arrays.update({"face:more": arrays["valid:face"]})),
    "biometric-array": in_arrays(lambda arrays: arrays.update({"face:embedding": np.ones(128)})),
    "array-shape": in_arrays(lambda arrays: arrays.update({"valid:face": arrays["valid:face"][:-1]})),
    "array-values": in_arrays(lambda arrays: arrays["smplx:transl"].fill(np.nan)),
    "mp4-damaged": in_part("mp4", lambda data: data[: len(data) // 2]),
    "sample-missing": in_index(lambda table: table.clear()),
    "sample-extra": in_table("clips", lambda table: _accepted(table).update(status="failed")),
    "sample-twice": _in_shards,
    "index-row": in_index(lambda table: table[0].update(width=table[0]["width"] + 2)),
    "energon-sizes": _write("shards/.nv-meta/.info.json", b'{"shard_counts": {}}'),
    "small-group": in_table("bias_cells", _show),
    "suppressed-number": in_table(
        "bias_cells", lambda table: next(r for r in table if r["suppressed"]).update(num_people=1)
    ),
    "funnel-rate": in_table(
        "funnel", lambda table: next(r for r in table if r["num_in"]).update(num_dropped=5)
    ),
    "split-counts": in_table("balance_splits", lambda table: table[0].update(num_clips=1)),
    "frame-count": in_json(lambda about: about.update(num_frames=about["num_frames"] + 1)),
    "picture-size": in_json(lambda about: about.update(width=about["width"] + 2)),
    "private-name": _private_name,
    "private-path": _private_word,
    "page-loads": _write("report/index.html", b"<html><script src='https://x.example/a.js'></script></html>"),
}  # fmt: skip
