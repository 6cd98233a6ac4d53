"""Which adapter does a job by the settings in force, and who that is by the bytes of its weights.

Steps ask for protocols and visits for jobs; this is the only file that knows all adapters. Adapters load
when they are asked for, once a process.
"""

import functools
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backends import (
    dlib_faces,
    faceres,
    lip_sync,
    mediapipe_faces,
    mediapipe_landmarks,
    mediapipe_segmentation,
    onnx_faces,
    pocketsphinx,
    pyscenedetect,
    rapidocr,
    resemblyzer,
    silero,
    syncnet,
    transnetv2,
    wav2vec2,
    whisperx,
)
from backends.catalogue import describe_backend
from backends.protocols.arrays import RgbImage
from backends.protocols.pictures import (
    AttributeEstimator,
    FaceDetector,
    FaceEmbedder,
    LandmarkExtractor,
    PersonSegmenter,
    PictureChange,
    ShotModel,
    TextDetector,
)
from backends.protocols.sound import (
    ForcedAligner,
    Recogniser,
    SpeechDetector,
    SyncScorer,
    VoiceEmbedder,
)
from body.load import load_body_model
from schemas.outcomes import BadInputError

_BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Job:
    """Work that outside models do, and who they are.

    `embedded` are the backends of the catalogue that do it, by the value of the setting that chooses; any
    other value is the path of a model of the user's, which `opens` opens. A job without a `setting` is always
    done by the same.
    """

    setting: str | None
    embedded: Mapping[str | None, tuple[str, ...]]
    opens: Callable[[str], object] | None = None


JOBS: Mapping[str, Job] = {
    "media": Job(None, {None: ("pyav", "soxr", "ffmpeg")}),
    "shots": Job(None, {None: ("scenedetect", "transnetv2")}),
    "face_detection": Job(None, {None: ("mediapipe-face-detection",)}),
    "speech_detection": Job(None, {None: ("silero-vad",)}),
    "loudness": Job(None, {None: ("pyloudnorm",)}),
    "voices": Job(None, {None: ("resemblyzer",)}),
    "landmarks": Job(None, {None: ("mediapipe-face-mesh", "mediapipe-holistic")}),
    "segmentation": Job(None, {None: ("mediapipe-selfie-segmentation",)}),
    "text_detection": Job(None, {None: ("rapidocr",)}),
    "face_embedding": Job(
        "embed.model",
        {"dlib+faceres": ("dlib-face-recognition", "strangers", "faceres")},
        lambda path: face_embedder(path),
    ),
    "attributes": Job(
        "attributes.perceived.model", {"faceres": ("faceres",)}, lambda path: attribute_estimator(path)
    ),
    "lip_sync": Job("sync.model", {"lip-sync": ("lip-sync",)}, lambda path: sync_scorer(path)),
    "recognition": Job(
        "transcribe.model",
        {"base": ("whisperx", "whisper-base"), "tiny.en": ("whisperx", "whisper-tiny.en")},
        lambda path: recogniser(path, 1),
    ),
    "alignment": Job("align.model", {"pocketsphinx": ("pocketsphinx", "g2p-en")}, lambda path: aligner(path)),
    "body_model": Job("fit_body.model", {None: ("body-model",)}, lambda path: load_body_model(path)),
}


def identity_of(job: str, choice: str | None) -> str:
    """Return who does a job with this choice: names, versions and the SHA-256 of all weights.

    Raises:
        BadInputError: if a model's path is not there, or an embedded backend is not installed.
    """
    names = JOBS[job].embedded.get(choice)
    if names is None:
        return f"{job}:{_hash_of_path(job, str(choice))}"
    found = [describe_backend(name) for name in names]
    return ";".join(f"{b.name} {b.version} {b.weights_sha256}" for b in found)


def jobs_of(backend: str) -> list[str]:
    """Return the jobs that a backend of the catalogue does, or helps to do."""
    return [job for job, row in JOBS.items() if any(backend in names for names in row.embedded.values())]


def open_own(job: str, path: str) -> None:
    """Open a model of the user's as a visit will.

    Raises:
        BadInputError: on one line, whatever its library says of it.
    """
    opens, setting = JOBS[job].opens, JOBS[job].setting
    if opens is None:
        raise ValueError(f"nobody chooses who does {job}")
    try:
        opens(path)
    except Exception as error:
        said = " ".join(str(error).split())[:300] or type(error).__name__
        known = isinstance(error, BadInputError) and path in said
        raise BadInputError(
            said if known and str(setting) in said else f"{setting}: {'' if known else path + ': '}{said}"
        ) from error


def _hash_of_path(job: str, path: str) -> str:
    place = Path(path)
    if not place.exists():
        raise BadInputError(f"{JOBS[job].setting}: {path}: no such file or folder")
    files = sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
    return _hash_of_files(tuple((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files))


@functools.lru_cache(maxsize=32)
def _hash_of_files(stamped: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, size, _ in stamped:
        digest.update(f"{Path(name).name} {size}\n".encode())
        with Path(name).open("rb") as handle:
            while block := handle.read(_BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def speech_detector(threshold: float) -> SpeechDetector:
    """Return what tells speech from other sound."""
    return silero.load(threshold)


def face_detector(min_score: float, full_range: bool) -> FaceDetector:
    """Return what finds faces in pictures."""
    return mediapipe_faces.load(min_score, full_range)


def person_segmenter() -> PersonSegmenter:
    """Return what tells which pixels of a picture are a person; each process has its own."""
    return mediapipe_segmentation.load()


def segment_person(picture: RgbImage) -> RgbImage:
    """Return how much of each pixel (H, W) is a person, 0 to 255; processes that read are sent this name."""
    return person_segmenter().segment(picture)


def content_scorer() -> PictureChange:
    """Return a new scorer of the change from picture to picture; it remembers the last one."""
    return pyscenedetect.ContentScorer()


def shot_model() -> ShotModel:
    """Return the network that looks for cuts."""
    return transnetv2.load()


def voice_embedder() -> VoiceEmbedder:
    """Return what tells voices apart."""
    return resemblyzer.load()


def landmark_extractor(min_score: float, model_complexity: int) -> LandmarkExtractor:
    """Return what finds landmarks of face, hands and body."""
    return mediapipe_landmarks.load(min_score, model_complexity)


def text_detector() -> TextDetector:
    """Return what finds text in pictures."""
    return rapidocr.load()


def face_embedder(model: str) -> FaceEmbedder:
    """Return what describes a face so that people can be told apart."""
    return dlib_faces.load() if model == "dlib+faceres" else onnx_faces.load_embedder(model)


def identity_distances() -> dlib_faces.DlibFaces:
    """Return what tells how far a face is from a person's photo: dlib's descriptors, compared by distance."""
    return dlib_faces.load_dlib()


def attribute_estimator(model: str) -> AttributeEstimator:
    """Return what estimates how a person is perceived."""
    return faceres.load() if model == "faceres" else onnx_faces.load_estimator(model)


def sync_scorer(model: str) -> SyncScorer:
    """Return what compares lips and sound."""
    return syncnet.load(model) if model.endswith(".onnx") else lip_sync.load(model)


def recogniser(model: str, beam_size: int) -> Recogniser:
    """Return what turns speech into words."""
    return whisperx.load(model, beam_size)


def aligner(model: str) -> ForcedAligner:
    """Return what finds the time of each word."""
    return pocketsphinx.load() if model == "pocketsphinx" else wav2vec2.load(model)


def aligned_languages(model: str) -> frozenset[str] | None:
    """Return the languages that an aligner knows; None where whoever names a model says that it fits."""
    return pocketsphinx.LANGUAGES if model == "pocketsphinx" else None
