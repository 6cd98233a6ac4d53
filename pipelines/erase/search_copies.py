"""Looking for erased material by what is seen and heard: copies of clips, faces of people.

Sounds of all clips that are left, in shards and artefacts, are compared with the erased ones by their prints;
where two are alike the pictures are decoded and compared too (`transforms.find_near_duplicates`). Faces are
compared by their descriptors, as far as they were kept.
"""

import io
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from media import MediaError, MediaLimits, from_pcm
from media.spans import decode_span
from pipelines.artefacts import ElementParts
from pipelines.erase.search_bytes import Found
from pipelines.erase.traces import sound_only
from pipelines.known_faces import Faces, known_faces
from pipelines.results import Result
from pipelines.run_folder import RunFolder
from schemas.layout import ARTEFACTS, SHARDS
from schemas.parts import LANDMARKS_PART, VIDEO_PART
from schemas.plain import from_plain
from schemas.records.video import Artefact
from schemas.sample import SAMPLING_RATE_HZ, npz_to_arrays, pcm_of_wav, unpack_landmarks
from transforms.clip_print import ClipPrint
from transforms.find_near_duplicates import (
    DuplicateConfig,
    FacePrinter,
    prove,
    sound_agreement,
    sound_print,
    sounds_alike,
)
from transforms.storage import join, list_files, read_bytes

# Without pictures to compare only the same recording counts: see docs/erasure.md for what was measured.
_SAME_SOUND = 0.9
_AT_ONCE = 256
_SPAN_FRAMES = 64
_MOST_BYTES = 1 << 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """A sound that is left: where, whose, and how to get the pictures that belong to it."""

    path: str
    key: str
    sound: ClipPrint


@dataclass(slots=True)
class CopySearch:
    """Searches what is left for copies of prints; counts what it compared."""

    folder: RunFolder
    result: Result
    num_sounds: int = 0
    num_pictures: int = 0

    def copies_of(self, prints: Sequence[ClipPrint]) -> Iterator[Found]:
        """Yield what is left that sounds and looks like one of some prints."""
        batch: list[Heard] = []
        for heard in self._sounds():
            batch.append(heard)
            if len(batch) == _AT_ONCE:
                yield from self._among(batch, prints)
                batch = []
        yield from self._among(batch, prints)

    def _sounds(self) -> Iterator[Heard]:
        for path, _ in list_files(self.result.shards):
            if path.endswith(".tar"):
                with tarfile.open(fileobj=io.BytesIO(read_bytes(path)), mode="r:") as archive:
                    for member in archive:
                        if member.name.endswith(".wav"):
                            data = (archive.extractfile(member) or io.BytesIO()).read()
                            name = f"{SHARDS}/{path.rsplit('/', 1)[-1]}"
                            yield Heard(path=name, key=member.name[:-4], sound=_sound_of_sample(data))
        for path, _ in list_files(join(self.folder.root, ARTEFACTS)):
            name = path.rsplit("/", 1)[-1]
            if name.startswith("sound-") and name.endswith(".wav"):
                below = path.removeprefix(self.folder.root.rstrip("/")).lstrip("/")
                yield Heard(path=below, key=name[6:-4], sound=sound_only(read_bytes(path)))

    def _among(self, batch: Sequence[Heard], prints: Sequence[ClipPrint]) -> Iterator[Found]:
        self.num_sounds += len(batch)
        if not batch or not prints:
            return
        config = DuplicateConfig()
        told: set[int] = set()
        alike = sounds_alike([p.sound for p in prints], [h.sound.sound for h in batch], config)
        for i, j, speed in alike:
            if j not in told and (by := self._is_copy(prints[i], batch[j], speed, config)):
                told.add(j)
                yield Found(batch[j].path, by)

    def _is_copy(self, gone: ClipPrint, left: Heard, speed: float, config: DuplicateConfig) -> str | None:
        if sound_agreement(gone, left.sound, speed, config) >= _SAME_SOUND:
            return "its sound"
        face = self._face_of(left) if len(gone.face) else None
        if face is None:
            return None
        self.num_pictures += 1
        return "its sound and pictures" if prove(gone, replace(left.sound, **face), speed, config) else None

    def _face_of(self, left: Heard) -> dict[str, object] | None:
        """Return the print of the face of a clip that is left, from its pictures; None without any."""
        rows = [r for r in self._rows() if r["clip_id"] == left.key]
        if not rows:
            return None
        made = tuple(from_plain(Artefact, one) for one in rows[0]["artefacts"])
        parts = ElementParts(self.folder.store, rows[0]["video_id"], made)
        try:
            mp4 = parts.read("look", VIDEO_PART)
            arrays = npz_to_arrays(parts.read("look", LANDMARKS_PART))
            return _face_print(mp4, arrays, rows[0]["fps"], rows[0]["num_frames"])
        except (OSError, MediaError, ValueError, KeyError):
            return None

    def _rows(self) -> list[dict]:
        return self.result.read_table(
            "clips", ["clip_id", "video_id", "artefacts", "fps", "num_frames"]
        ).to_pylist()


def _sound_of_sample(wav: bytes) -> ClipPrint:
    samples = from_pcm(pcm_of_wav(wav, SAMPLING_RATE_HZ))
    return ClipPrint(
        sound=sound_print(samples, SAMPLING_RATE_HZ), face=np.zeros((0, 63), np.int16), face_hz=12.5
    )


def _face_print(
    mp4: bytes, arrays: Mapping[str, np.ndarray], fps: float, num_frames: int
) -> dict[str, object]:
    face = unpack_landmarks(arrays, "face:landmarks")
    seen = face[np.isfinite(face[:, 0, 0])]
    if not len(seen):
        raise ValueError("no face is seen")
    printer = FacePrinter(fps, float(np.median(np.ptp(seen[..., 1], axis=1))))
    for start in range(0, num_frames, _SPAN_FRAMES):
        number = min(_SPAN_FRAMES, num_frames - start)
        for picture in decode_span(mp4, start, number, fps, MediaLimits(), _MOST_BYTES):
            printer.update(picture)
    return {"face": printer.finish(face), "face_hz": printer.hz}


@dataclass(frozen=True, kw_only=True, slots=True)
class FacesLeft:
    """How near the faces that are left come to erased ones: the least distance, and clips within a bound."""

    num_faces: int
    nearest: float | None
    clips: tuple[tuple[str, float], ...]


def faces_near(
    folder: RunFolder, result: Result, gone: Faces, embedder: str | None, bound: float
) -> FacesLeft:
    """Return how near faces that are left come to those that went; those of another embedder do not count.

    Args:
        bound: the distance within which two faces are one person's.
    """
    left = [known for known in known_faces(result, folder.store) if known.face.embedder == embedder]
    if not left or not len(gone.strangers):
        return FacesLeft(num_faces=len(left), nearest=None, clips=())
    away = Faces.of([known.face for known in left]).distances(gone).min(axis=1)
    near = sorted((float(d), k.clip["clip_id"]) for d, k in zip(away, left, strict=True) if d <= bound)
    return FacesLeft(
        num_faces=len(left),
        nearest=round(float(away.min()), 4),
        clips=tuple((clip, round(d, 4)) for d, clip in near),
    )
