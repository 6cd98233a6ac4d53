"""A search for erased material that uses nothing of Mentor's: bytes, an ffmpeg program, dlib's own networks.

What somebody is known by is taken from the files of the run before, and from the videos themselves: hashes
and pieces of bytes; every fifth frame, small and grey, and the loudness of every twentieth of a second, as an
ffmpeg program decodes them; and dlib's descriptor of the face in a frame, found by dlib's own detector.
"""

import functools
import hashlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from PIL import Image as Pillow

_WINDOW, _LEAST_BYTES = 48, 512
_SIDE_PX, _HZ = 16, 8000
# Of 24 clips of GRID and CREMA-D all frames of each lie within one grey level of those of the file it was cut
# from, and none of another clip's, even of the same person before the same wall; loudness of two recordings
# agrees by 0.86 at most.
_SAME_FRAMES = 0.8
_SAME_LEVELS = 1.0
_SAME_SOUND = 0.95


@dataclass(slots=True)
class Traces:
    """By what some clips and files are known."""

    words: set[bytes]
    hashes: set[str]
    pieces: list[bytes]
    frames: list[npt.NDArray[np.float32]] = field(default_factory=list)
    sounds: list[npt.NDArray[np.float32]] = field(default_factory=list)

    def found(self, out: Path) -> list[str]:
        """Return what is left of them below a folder, by relative path and by what it was known."""
        left: list[str] = []
        for path in sorted(p for p in out.rglob("*") if p.is_file() and not p.is_symlink()):
            name, data = path.relative_to(out).as_posix(), path.read_bytes()
            left += [f"{name}: {by}" for by in self._in_file(name, data)]
        return left

    def _in_file(self, name: str, data: bytes) -> Iterator[str]:
        text = _as_text(name, data)
        if any(word in text or word in name.encode() for word in self.words):
            yield "a name or an id"
        members = dict(_members(name, data))
        if any(hashlib.sha256(member).hexdigest() in self.hashes for member in members.values()):
            yield "the same bytes"
        if any(piece in data for piece in self.pieces):
            yield "a piece of it"
        for member, content in members.items():
            if member.endswith(".mp4") and self._shows(content):
                yield f"the same pictures ({member})"
            if member.endswith(".wav") and self._sounds_like(content):
                yield f"the same sound ({member})"

    def _shows(self, mp4: bytes) -> bool:
        seen = frames_of(mp4)
        return any(_share_alike(gone, seen) >= _SAME_FRAMES for gone in self.frames)

    def _sounds_like(self, wav: bytes) -> bool:
        heard = loudness_of(wav)
        return any(_best_agreement(gone, heard) >= _SAME_SOUND for gone in self.sounds)


def traces_of(out: Path, clips: set[str], files: set[str], videos: Path) -> Traces:
    """Collect by what clips of a run, and whole files, are known."""
    traces = Traces({key.encode() for key in clips} | {name.encode() for name in files}, set(), [])
    for path in sorted((out / "shards").glob("*.tar")):
        for member, data in _members(path.name, path.read_bytes()):
            if member.split(".")[0] in clips:
                _know(traces, member, data)
    tables = [pq.read_table(p).to_pylist() for p in sorted((out / "tables").glob("clips-*.parquet"))]
    rows = [row for table in tables for row in table]
    whole = {row["video_id"] for row in rows if row["source_name"] in files}
    traces.words |= {video.encode() for video in whole}
    for row in rows:
        if row["clip_id"] in clips:
            for one in row["artefacts"]:
                if one["stage"] != "survey":
                    made = out.glob(f"*/??/{row['video_id']}/{one['stage']}-{one['artefact_id']}/*")
                    _know_all(traces, made)
            _know_all(traces, out.glob(f"artefacts/??/{row['video_id']}/survey-*/sound-{row['clip_id']}.wav"))
    for name in files:
        traces.hashes.add(hashlib.sha256((videos / name).read_bytes()).hexdigest())
        traces.frames.append(frames_of((videos / name).read_bytes()))
    return traces


def _know_all(traces: Traces, files: Iterator[Path]) -> None:
    for path in files:
        if path.name != "record.json":
            _know(traces, path.name, path.read_bytes())


def _know(traces: Traces, name: str, data: bytes) -> None:
    if len(data) >= _LEAST_BYTES:
        traces.hashes.add(hashlib.sha256(data).hexdigest())
    if name.endswith(".mp4"):
        traces.pieces += [data[len(data) * n // 3 :][:_WINDOW] for n in (1, 2)]
        traces.frames.append(frames_of(data))
    if name.endswith(".wav") and not name.startswith("sound-"):
        traces.sounds.append(loudness_of(data))


def _members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, data
    if name.endswith(".tar"):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                handle = tar.extractfile(member)
                if handle is not None:
                    yield member.name, handle.read()


def _as_text(name: str, data: bytes) -> bytes:
    return repr(pq.read_table(io.BytesIO(data)).to_pylist()).encode() if name.endswith(".parquet") else data


def _run(data: bytes, *arguments: str) -> bytes:
    with tempfile.NamedTemporaryFile() as file:  # an MP4 with its index at the end cannot be read from a pipe
        file.write(data)
        file.flush()
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", file.name, *arguments, "pipe:1"]
        return subprocess.run(command, capture_output=True, check=True).stdout


def frames_of(data: bytes) -> npt.NDArray[np.float32]:
    """Return every fifth frame of a video, (n, 256), small and grey, less its mean."""
    small = f"fps=5,crop=ih*0.8:ih*0.8,scale={_SIDE_PX}:{_SIDE_PX},format=gray"
    shown = _run(data, "-vf", small, "-f", "rawvideo")
    frames = np.frombuffer(shown, np.uint8).reshape(-1, _SIDE_PX**2).astype(np.float32)
    return frames - frames.mean(axis=1, keepdims=True)


def nearest_face(before: Path, after: Path, clips: set[str]) -> tuple[float | None, float | None]:
    """Return the least distance of a face that is left to those that went, and the largest of these's own.

    Faces are found and described by dlib alone, in the middle pictures of the samples.
    """
    gone = [d for key, d in _described(before) if key in clips]
    left = [d for _, d in _described(after)]
    own = [float(np.linalg.norm(a - b)) for i, a in enumerate(gone) for b in gone[:i]]
    away = [float(np.linalg.norm(a - b)) for a in gone for b in left]
    return min(away, default=None), max(own, default=None)


def _described(out: Path) -> Iterator[tuple[str, npt.NDArray[np.float64]]]:
    find, shape, describe = _dlib()
    for path in sorted((out / "shards").glob("*.tar")):
        for name, data in _members(path.name, path.read_bytes()):
            if not name.endswith(".mp4"):
                continue
            png = _run(data, "-ss", "1", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png")
            picture = np.asarray(Pillow.open(io.BytesIO(png)).convert("RGB"))
            faces = find(picture, 1)
            if faces:
                face = max(faces, key=lambda f: f.area())
                found = describe.compute_face_descriptor(picture, shape(picture, face))
                yield name.split(".")[0], np.array(found)


@functools.cache
def _dlib() -> Any:
    import dlib
    import face_recognition_models as models

    known: Any = dlib
    return (
        known.get_frontal_face_detector(),
        known.shape_predictor(models.pose_predictor_five_point_model_location()),
        known.face_recognition_model_v1(models.face_recognition_model_location()),
    )


def loudness_of(data: bytes) -> npt.NDArray[np.float32]:
    """Return the loudness of every twentieth of a second of a sound, in dB."""
    heard = np.frombuffer(_run(data, "-ac", "1", "-ar", str(_HZ), "-f", "s16le"), np.int16).astype(np.float32)
    step = _HZ // 20
    blocks = heard[: len(heard) // step * step].reshape(-1, step)
    return 20 * np.log10(np.sqrt((blocks**2).mean(axis=1)) + 1.0)


def _share_alike(gone: npt.NDArray[np.float32], seen: npt.NDArray[np.float32]) -> float:
    """Return the share of a clip's frames that another video shows too."""
    if not len(gone) or not len(seen):
        return 0.0
    apart = np.abs(gone[:, None] - seen[None]).mean(axis=2)
    return float((apart.min(axis=1) <= _SAME_LEVELS).mean())


def _best_agreement(gone: npt.NDArray[np.float32], heard: npt.NDArray[np.float32]) -> float:
    """Return the best correlation of a loudness with a stretch of another one as long."""
    if len(heard) < len(gone) or not len(gone):
        return 0.0
    shifts = range(len(heard) - len(gone) + 1)
    return max(float(np.corrcoef(gone, heard[s : s + len(gone)])[0, 1]) for s in shifts)
