"""By what erased material would be known again, kept until the erasure is done.

Ids and hashes of bytes are veiled (`Erased.veiled`), and go into the receipt so; prints of sound and faces
and descriptors are in the journal's folder alone, and are deleted with it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from media import from_pcm
from pipelines.artefacts import RECORD, ArtefactStore
from pipelines.erase.journal import note
from pipelines.erase.plan import ErasePlan
from pipelines.erased import Erased
from pipelines.known_faces import known_faces
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from schemas.layout import ARTEFACTS, BIOMETRIC, SHARDS
from schemas.plain import from_plain
from schemas.records.video import Artefact
from schemas.sample import PARTS, SAMPLING_RATE_HZ, arrays_to_npz, npz_to_arrays, pcm_of_wav, to_json_bytes
from transforms.clip_print import ClipPrint
from transforms.clip_sound import MARGIN_SECONDS
from transforms.find_near_duplicates import sound_print
from transforms.storage import list_files, read_bytes, read_if_there, write_bytes

# Shorter files say too little to tell whose they were: two clips may have the same.
_LEAST_TELLING_BYTES = 512
_SURVEY_SOUND = "sound-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Traces:
    """What erased material is known by.

    `ids` and `hashes` are veiled. `prints` are of clips' sound and faces (a face of no rows where none was
    kept), `descriptors` (n, d) of their faces with how far strangers are (n,). `before` are the SHA-256 of
    the last result's files that held any of it, by their path in the result.
    """

    ids: frozenset[str]
    hashes: frozenset[str]
    prints: tuple[ClipPrint, ...]
    descriptors: npt.NDArray[np.float32]
    strangers: npt.NDArray[np.float32]
    embedder: str | None
    before: Mapping[str, str]


def collect(folder: RunFolder, result: Result, plan: ErasePlan, erased: Erased) -> Traces:
    """Return by what all that goes is known, from the result and the artefacts that hold it.

    Raises:
        BadInputError: if a table cannot be read.
        OSError: if a file cannot be.
    """
    store = folder.store
    files = list(doomed_files(store, plan, kept_artefacts(result, plan)))
    hashes = {_sha256(read_bytes(path)) for path, size in files if _tells(path, size)}
    hashes |= set(_hashes_of_samples(result, plan))
    faces = [known.face for known in known_faces(result, store, plan.clip_ids)]
    descriptors = [face.descriptor for face in faces]
    return Traces(
        ids=frozenset(erased.veiled("id", one) for one in _ids(plan)),
        hashes=frozenset(erased.veiled("bytes", one) for one in hashes),
        prints=(*(face.print for face in faces), *_sounds(files)),
        descriptors=np.array(descriptors, np.float32) if faces else np.zeros((0, 0), np.float32),
        strangers=np.array([face.stranger_distance for face in faces], np.float32),
        embedder=faces[0].embedder if faces else None,
        before=dict(_before(result, plan)),
    )


def _ids(plan: ErasePlan) -> set[str]:
    words = {*plan.source_names, *plan.speaker_words}
    return {*plan.clip_ids, *plan.video_ids, *plan.owners, *plan.identities, *plan.speakers, *words}


def _tells(path: str, size: int) -> bool:
    return size >= _LEAST_TELLING_BYTES and not path.endswith(f"/{RECORD}")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def kept_artefacts(result: Result, plan: ErasePlan) -> dict[str, frozenset[Artefact]]:
    """Return what stays of the artefacts of videos of which only spans go, by video.

    Artefacts do not tell whose clip they were made of; those that no clip that stays names go too.
    """
    shared = sorted({span.video_id for span in plan.spans})
    kept: dict[str, set[Artefact]] = {video: set() for video in shared}
    among = pc.field("video_id").isin(pa.array(shared, pa.string()))
    gone = set(plan.clip_ids)
    for table, columns in (
        ("videos", ["artefacts"]),
        ("clips", ["clip_id", "artefacts", "piece_of_artefacts"]),
    ):
        for row in result.read_table(table, ["video_id", *columns], among).to_pylist():
            if row.get("clip_id") not in gone:
                made = [*row["artefacts"], *(row.get("piece_of_artefacts") or ())]
                kept[row["video_id"]] |= {from_plain(Artefact, one) for one in made}
    return {video: frozenset(found) for video, found in kept.items()}


def doomed_files(
    store: ArtefactStore, plan: ErasePlan, kept: Mapping[str, frozenset[Artefact]]
) -> Iterator[tuple[str, int]]:
    """Yield the artefacts' files that go, with their sizes; of a survey that stays those of erased clips."""
    for owner in (*plan.video_ids, *plan.owners):
        for room in (ARTEFACTS, BIOMETRIC):
            yield from list_files(store.owner_folder(owner, room))
    for video, stays in kept.items():
        named = {f"{a.stage}-{a.artefact_id}" for a in stays}
        for room in (ARTEFACTS, BIOMETRIC):
            for path, size in list_files(store.owner_folder(video, room)):
                folder, name = path.rsplit("/", 2)[1:]
                mine = name.startswith(_SURVEY_SOUND) and name[len(_SURVEY_SOUND) : -4] in plan.clip_ids
                if folder not in named or mine:
                    yield path, size


def _hashes_of_samples(result: Result, plan: ErasePlan) -> Iterator[str]:
    index = result.shard_index()
    if index is not None:
        mine = index.filter(pc.field("key").isin(pa.array(plan.clip_ids, pa.string())))
        for part in PARTS:
            yield from mine[f"{part}_sha256"].to_pylist()


def _sounds(files: Iterable[tuple[str, int]]) -> Iterator[ClipPrint]:
    """Yield prints of the sounds of all clips that go, whether or not a face was kept of them."""
    for path, _ in files:
        name = path.rsplit("/", 1)[-1]
        if name.startswith(_SURVEY_SOUND):
            yield sound_only(read_bytes(path))


def sound_only(wav: bytes) -> ClipPrint:
    """Return the print of a clip's sound, without its margins, and of no face."""
    margin = round(MARGIN_SECONDS * SAMPLING_RATE_HZ)
    samples = pcm_of_wav(wav, SAMPLING_RATE_HZ)[margin:-margin]
    return ClipPrint(
        sound=sound_print(from_pcm(samples), SAMPLING_RATE_HZ),
        face=np.zeros((0, 63), np.int16),
        face_hz=12.5,
    )


def _before(result: Result, plan: ErasePlan) -> Iterator[tuple[str, str]]:
    """Yield the hashes of the files of a result that hold what goes: its shards, and all that is no shard."""
    index = result.shard_index()
    gone = pa.array(plan.clip_ids, pa.string())
    mine = set() if index is None else set(index.filter(pc.field("key").isin(gone))["shard"].to_pylist())
    yield from hashes_below(result, lambda room, name: room != SHARDS or name in mine)


def hashes_below(result: Result, wanted: Callable[[str, str], bool]) -> Iterator[tuple[str, str]]:
    """Yield path in the result and SHA-256 of its files that are wanted, by room and name."""
    for path, _ in list_files(result.folder):
        below = path.removeprefix(result.folder.rstrip("/")).lstrip("/")
        room, _, name = below.rpartition("/")
        if wanted(room.split("/")[0], name):
            yield below, _sha256(read_bytes(path))


def write_traces(folder: RunFolder, traces: Traces) -> None:
    """Keep traces until the erasure is done; the file that says that they are whole comes last."""
    arrays: dict[str, np.ndarray] = {"descriptors": traces.descriptors, "strangers": traces.strangers}
    for number, one in enumerate(traces.prints):
        arrays |= {f"sound_{number}": one.sound, f"face_{number}": one.face}
    write_bytes(note(folder, "traces.npz"), arrays_to_npz(arrays))
    write_bytes(
        note(folder, "traces.json"),
        to_json_bytes(
            {
                "ids": sorted(traces.ids),
                "hashes": sorted(traces.hashes),
                "face_hz": [one.face_hz for one in traces.prints],
                "embedder": traces.embedder,
                "before": dict(sorted(traces.before.items())),
            }
        ),
    )


def read_traces(folder: RunFolder) -> Traces | None:
    """Return the traces of an erasure that was begun, None if they are not whole."""
    data = read_if_there(note(folder, "traces.json"))
    if data is None:
        return None
    told, arrays = json.loads(data), npz_to_arrays(read_bytes(note(folder, "traces.npz")))
    prints = [
        ClipPrint(sound=arrays[f"sound_{n}"], face=arrays[f"face_{n}"], face_hz=hz)
        for n, hz in enumerate(told["face_hz"])
    ]
    return Traces(
        ids=frozenset(told["ids"]),
        hashes=frozenset(told["hashes"]),
        prints=tuple(prints),
        descriptors=arrays["descriptors"],
        strangers=arrays["strangers"],
        embedder=told["embedder"],
        before=told["before"],
    )
