"""A clip of a finished run: its row in the tables, why it ended as it did, and its parts.

Everything is read from inside the run's folder, whatever keys, tables and indices say.
"""

import hashlib
import io
import wave
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from body.track import BodyTrack
from media import from_pcm
from pipelines.places import Places
from pipelines.results import Result
from schemas.outcomes import BadInputError
from schemas.parts import BODY_PART, LANDMARKS_PART, VIDEO_PART, PartReader
from schemas.records.clip import Clip
from schemas.records.sound import Word
from schemas.run import RunSummary
from schemas.sample import (
    KEY_PATTERN,
    PARTS,
    SAMPLING_RATE_HZ,
    SampleError,
    check_arrays,
    decode_sample,
    npz_to_arrays,
    pcm_of_wav,
)
from schemas.tables import from_row
from schemas.tar_headers import TAR_FAULTS, TarHeaders, is_plain
from transforms.clip_sound import clip_samples, sound_part

_DAMAGED = (ValueError, EOFError, zipfile.BadZipFile, wave.Error)
_NUM_SUGGESTIONS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredClip:
    """A clip as the tables of a run describe it.

    `row` is its row of the clips table; `outcome` that of the rejections or failures table, None
    for an accepted clip; `run` what the run says about itself.
    """

    key: str
    row: Mapping[str, Any]
    outcome: Mapping[str, Any] | None
    run: RunSummary

    @property
    def record(self) -> Clip:
        """The clip's record, as it was when its row was written."""
        return from_row("clips", self.row)

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
        rules = self.run.config.get("filter", {}).get("rules", ())
        known = [rule for rule in rules if isinstance(rule, dict) and rule.get("name") in names]
        return {str(rule.get("field")).replace(".", "_") for rule in known}


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipMedia:
    """A clip's pictures, 16-bit sound at 16 kHz, and arrays by name."""

    mp4: bytes
    samples: npt.NDArray[np.int16]
    arrays: Mapping[str, npt.NDArray[Any]]

    @property
    def sound(self) -> npt.NDArray[np.float32]:
        """The samples in [-1, 1], as the visits that listen to a clip get them."""
        return from_pcm(self.samples)


def find_clip(result: Result, key: str) -> StoredClip:
    """Return the clip with this key, or the only one whose key begins with it.

    Raises:
        BadInputError: if none or several clips fit, or a table cannot be read.
    """
    clip_id = _complete_key(result, key)
    row = result.read_table("clips", where=pc.field("clip_id") == clip_id).to_pylist()[0]
    outcome: dict[str, Any] | None = None
    for table, status in (("rejections", "rejected"), ("failures", "failed")):
        if row["status"] == status:
            ends = result.read_table(table, where=pc.field("subject_id") == clip_id).to_pylist()
            outcome = next(iter(ends), None)
    return StoredClip(key=clip_id, row=row, outcome=outcome, run=result.read_summary())


def accepted_clips(result: Result, most: int) -> list[StoredClip]:
    """Return the first accepted clips of a result, by key."""
    keys = result.read_table("clips", ["clip_id"], pc.field("status") == "accepted")["clip_id"].to_pylist()
    first = sorted(keys)[:most]
    rows = result.read_table(
        "clips", where=pc.field("clip_id").isin(pa.array(first, pa.string()))
    ).to_pylist()
    run = result.read_summary()
    found = [StoredClip(key=row["clip_id"], row=row, outcome=None, run=run) for row in rows]
    return sorted(found, key=lambda clip: clip.key)


def _complete_key(result: Result, key: str) -> str:
    keys = sorted(result.read_table("clips", ["clip_id"])["clip_id"].to_pylist())
    if not keys:
        raise BadInputError(f"{result.folder}: the run has no clips")
    fitting = [k for k in keys if k == key] or [k for k in keys if key and k.startswith(key)]
    if len(fitting) != 1:
        shown = ", ".join((fitting or keys)[:_NUM_SUGGESTIONS])
        found = f"{len(fitting)} keys begin with" if fitting else f"none of the {len(keys)} keys begins with"
        raise BadInputError(f"{found} {key[:100]!r}; for example: {shown}")
    if not KEY_PATTERN.fullmatch(fitting[0]):
        raise BadInputError(
            f"{result.folder}: the clips table holds a key that is none: {fitting[0][:100]!r}"
        )
    return fitting[0]


def read_media(places: Places, clip: StoredClip) -> ClipMedia:
    """Read a clip's parts from what the stages made, or from its shard if that is gone.

    Raises:
        BadInputError: if they are in neither place, or damaged.
    """
    record, parts = clip.record, places.parts_of(clip.record)
    try:
        found = ClipMedia(
            mp4=parts.read("look", VIDEO_PART),
            samples=clip_samples(
                pcm_of_wav(parts.read("survey", sound_part(record)), SAMPLING_RATE_HZ), record
            ),
            arrays=_made_arrays(parts, record),
        )
    except OSError:
        found = _shard_media(places.result, clip)
    except _DAMAGED as error:
        raise BadInputError(f"{clip.key}: the parts are damaged ({error})") from error
    _check(clip, found.arrays)
    return found


def clip_arrays(places: Places, clip: StoredClip) -> dict[str, npt.NDArray[Any]]:
    """Read a clip's arrays alone, from what the stages made of it, or from its shard if that is gone.

    Raises:
        BadInputError: if they are in neither place, or damaged.
    """
    try:
        arrays = _made_arrays(places.parts_of(clip.record), clip.record)
    except OSError:
        arrays = dict(_shard_media(places.result, clip).arrays)
    except _DAMAGED as error:
        raise BadInputError(f"{clip.key}: the parts are damaged ({error})") from error
    _check(clip, arrays)
    return arrays


def _made_arrays(parts: PartReader, record: Clip) -> dict[str, npt.NDArray[Any]]:
    arrays = npz_to_arrays(parts.read("look", LANDMARKS_PART))
    return arrays if record.body_fit is None else arrays | npz_to_arrays(parts.read("body", BODY_PART))


def _check(clip: StoredClip, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    try:
        check_arrays(arrays, clip.row["num_frames"], fitted=clip.row["body_fit_model_id"] is not None)
    except SampleError as error:
        raise BadInputError(f"{clip.key}: the parts are damaged ({error})") from error


def _shard_media(result: Result, clip: StoredClip) -> ClipMedia:
    """Return a clip's parts from the shard that the index names, checked against its hashes."""
    index = result.shard_index()
    rows = [] if index is None else index.filter(pc.field("key") == clip.key).to_pylist()
    if not rows:
        raise BadInputError(
            f"{clip.key}: no pictures to look at; what the stages made is gone, and it is in no shard. "
            f"The clip: {clip.verdict}"
        )
    found: dict[str, bytes] = {}
    try:
        shard = result.read_shard(rows[0]["shard"])
        for member in TarHeaders(io.BytesIO(shard)):
            key, _, ext = member.name.partition(".")
            if key == clip.key and ext in PARTS and is_plain(member):
                found[ext] = shard[member.offset_data : member.offset_data + member.size]
        sample = decode_sample(clip.key, found)
    except TAR_FAULTS as error:  # SampleError among them
        raise BadInputError(f"{clip.key}: {rows[0]['shard']} is damaged ({error})") from error
    for ext, data in found.items():
        if hashlib.sha256(data).hexdigest() != rows[0][f"{ext}_sha256"]:
            raise BadInputError(
                f"{rows[0]['shard']}: {clip.key}.{ext} is not what the index says; the shard is damaged"
            )
    return ClipMedia(mp4=sample.mp4, samples=sample.sound, arrays=sample.arrays)


def body_track(clip: StoredClip, arrays: Mapping[str, npt.NDArray[Any]]) -> BodyTrack | None:
    """Return the body fitted to a clip, None if there is none.

    Raises:
        BadInputError: if its arrays are missing or do not fit together.
    """
    row = clip.row
    fit = {name: row[f"body_fit_{name}"] for name in ("betas", "focal_length_px", "model_id")}
    if fit["model_id"] is None:
        return None
    try:
        return BodyTrack.from_sample(arrays, fit, row["fps"], row["width"], row["height"])
    except BadInputError as error:
        raise BadInputError(f"{clip.key}: {error}") from error
