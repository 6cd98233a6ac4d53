"""A clip of a finished run: its row in the tables, why it ended as it did, and its parts.

Everything is read from inside the run's folder, whatever keys, tables and indices say.
"""

import hashlib
import io
import json
import tarfile
import wave
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from body.track import BodyTrack
from schemas.outcomes import BadInputError
from schemas.records import Word
from schemas.sample import KEY_PATTERN, SAMPLING_RATE_HZ, SampleError, check_arrays, npz_to_arrays

_PARTS = ("mp4", "wav", "npz")
_NUM_SUGGESTIONS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredClip:
    """A clip as the tables of a run describe it.

    `row` is its row of the clips table; `outcome` that of the rejections or failures table, None
    for an accepted clip; `run` the content of run.json, empty if there is none.
    """

    key: str
    row: Mapping[str, Any]
    outcome: Mapping[str, Any] | None
    run: Mapping[str, Any]

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of the transcript; empty without one."""
        return tuple(Word(**word) for word in self.row["transcript_words"] or ())

    @property
    def verdict(self) -> str:
        """How the clip ended and why, in one line."""
        ended = self.outcome
        if ended is None:
            return str(self.row["status"])
        if self.row["status"] == "failed":
            return f"failed in {ended['stage']}: {ended['error_type']}: {ended['error']}"
        numbers = ""
        if ended["score"] is not None and ended["threshold"] is not None:
            numbers = f" (score {ended['score']:.3g}, threshold {ended['threshold']:.3g})"
        also = f", also {', '.join(ended['also'])}" if ended["also"] else ""
        return f"rejected: {ended['reason']}{numbers}{also}"

    @property
    def broken_columns(self) -> set[str]:
        """The columns of the scores that the clip was rejected for."""
        if self.outcome is None or self.row["status"] != "rejected":
            return set()
        names = {self.outcome["reason"], *(self.outcome["also"] or ())}
        rules = self.run.get("config", {}).get("filter", {}).get("rules", ())
        return {rule["field"].replace(".", "_") for rule in rules if rule["name"] in names}


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipMedia:
    """A clip's parts: the video file's bytes, 16-bit sound at 16 kHz, arrays by name."""

    mp4: bytes
    samples: npt.NDArray[np.int16]
    arrays: dict[str, npt.NDArray[Any]]

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        """The samples in [-1, 1)."""
        return self.samples.astype(np.float32) / 32768.0


def find_clip(output: Path, key: str) -> StoredClip:
    """Return the clip with this key, or the only one whose key begins with it.

    Raises:
        BadInputError: if the folder holds no run, or none or several clips fit.
    """
    clip_id = _complete_key(output, key)
    row = _rows(output, "clips", pc.field("clip_id") == clip_id)[0]
    outcome: dict[str, Any] | None = None
    for table, status in (("rejections", "rejected"), ("failures", "failed")):
        if row["status"] == status:
            outcome = next(iter(_rows(output, table, pc.field("subject_id") == clip_id)), None)
    return StoredClip(key=clip_id, row=row, outcome=outcome, run=_run_json(output))


def accepted_clips(output: Path, most: int) -> list[StoredClip]:
    """Return the first accepted clips of a finished run, by key."""
    rows = _rows(output, "clips", pc.field("status") == "accepted")
    rows.sort(key=lambda row: row["clip_id"])
    run = _run_json(output)
    return [StoredClip(key=row["clip_id"], row=row, outcome=None, run=run) for row in rows[:most]]


def _run_json(output: Path) -> dict[str, Any]:
    path = output / "run.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _table(output: Path, name: str) -> ds.Dataset | None:
    paths = sorted(map(str, (output / "tables").glob(f"{name}-*.parquet")))
    return ds.dataset(paths) if paths else None


def _rows(output: Path, name: str, where: pc.Expression) -> list[dict[str, Any]]:
    table = _table(output, name)
    return [] if table is None else table.to_table(filter=where).to_pylist()


def _complete_key(output: Path, key: str) -> str:
    try:
        table = _table(output, "clips")
        if table is None:
            raise BadInputError(f"{output}: no clips table in tables/; is this the output folder of a run?")
        keys = sorted(table.to_table(columns=["clip_id"])["clip_id"].to_pylist())
    except (pa.ArrowException, OSError, KeyError) as error:
        raise BadInputError(f"{output}: the clips table cannot be read ({error})") from error
    if not keys:
        raise BadInputError(f"{output}: the run has no clips")
    fitting = [k for k in keys if k == key] or [k for k in keys if key and k.startswith(key)]
    if len(fitting) != 1:
        shown = ", ".join((fitting or keys)[:_NUM_SUGGESTIONS])
        found = f"{len(fitting)} keys begin with" if fitting else f"none of the {len(keys)} keys begins with"
        raise BadInputError(f"{found} {key[:100]!r}; for example: {shown}")
    if not KEY_PATTERN.fullmatch(fitting[0]):
        raise BadInputError(f"{output}: the clips table holds a key that is none: {fitting[0][:100]!r}")
    return fitting[0]


def read_media(output: Path, clip: StoredClip) -> ClipMedia:
    """Read a clip's parts from the run's parts folder, or from its shard if they are gone.

    Raises:
        BadInputError: if they are in neither place, or damaged.
    """
    parts = _loose_parts(output, clip.key) or _shard_parts(output, clip.key)
    if parts is None:
        raise BadInputError(
            f"{clip.key}: no pictures to look at; {', '.join(_PARTS)} are neither in parts/ nor in a shard. "
            f"The clip: {clip.verdict}"
        )
    try:
        arrays = npz_to_arrays(parts["npz"])
        check_arrays(arrays, clip.row["num_frames"], fitted=clip.row["body_fit_model_id"] is not None)
        return ClipMedia(mp4=parts["mp4"], samples=_read_wav(parts["wav"]), arrays=arrays)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, wave.Error) as error:
        raise BadInputError(f"{clip.key}: the parts are damaged ({error})") from error


def body_track(clip: StoredClip, media: ClipMedia) -> BodyTrack | None:
    """Return the body fitted to a clip, None if there is none.

    Raises:
        BadInputError: if its arrays are missing or do not fit together.
    """
    row = clip.row
    fit = {name: row[f"body_fit_{name}"] for name in ("betas", "focal_length_px", "model_id")}
    if fit["model_id"] is None:
        return None
    try:
        return BodyTrack.from_sample(media.arrays, fit, row["fps"], row["width"], row["height"])
    except BadInputError as error:
        raise BadInputError(f"{clip.key}: {error}") from error


def _inside(folder: Path, name: str) -> Path | None:
    """Return a file directly in a folder, None if it is not there or really elsewhere."""
    path = folder / name
    if Path(name).name != name or not path.is_file():
        return None
    return path if path.resolve().parent == folder.resolve() else None


def _loose_parts(output: Path, key: str) -> dict[str, bytes] | None:
    paths = {ext: _inside(output / "parts", f"{key}.{ext}") for ext in _PARTS}
    found = {ext: path.read_bytes() for ext, path in paths.items() if path is not None}
    return found if len(found) == len(_PARTS) else None


def _shard_parts(output: Path, key: str) -> dict[str, bytes] | None:
    """Return the parts from the shard that the index names, checked against its hashes."""
    indices = sorted(map(str, (output / "shards").glob("*.parquet")))
    rows = ds.dataset(indices).to_table(filter=pc.field("key") == key).to_pylist() if indices else []
    shard = _inside(output / "shards", rows[0]["shard"]) if rows else None
    if shard is None:
        return None
    wanted = {f"{key}.{ext}": ext for ext in _PARTS}
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(shard, "r:") as archive:
            for member in archive:
                handle = archive.extractfile(member) if member.name in wanted else None
                if handle is not None:
                    found[wanted[member.name]] = handle.read()
    except tarfile.TarError as error:
        raise BadInputError(f"{shard}: not a shard ({error})") from error
    for ext, data in found.items():
        if hashlib.sha256(data).hexdigest() != rows[0][f"{ext}_sha256"]:
            raise BadInputError(f"{shard}: {key}.{ext} is not what the index says; the shard is damaged")
    return found if len(found) == len(_PARTS) else None


def _read_wav(data: bytes) -> npt.NDArray[np.int16]:
    with wave.open(io.BytesIO(data), "rb") as handle:
        layout = (handle.getnchannels(), handle.getsampwidth(), handle.getframerate())
        if layout != (1, 2, SAMPLING_RATE_HZ):
            raise SampleError(f"the sound is {layout}, wanted mono, 16 bit, {SAMPLING_RATE_HZ} Hz")
        return np.frombuffer(handle.readframes(handle.getnframes()), "<i2").astype(np.int16)
