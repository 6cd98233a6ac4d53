"""Nothing unpickles, unpacks or evaluates what a file says: what ruff's rules (`S`) do not see of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = (
    *(
        "schemas",
        "body",
        "media",
        "backends",
        "drawing",
        "transforms",
        "models",
        "reports",
        "pipelines",
        "lint",
    ),
    *("commands", "tools", "benchmarks"),
)
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def _calls(tree: ast.AST) -> Iterator[tuple[str, dict[str, ast.expr], int]]:
    """Yield the name of every called function as it stands there, its keywords and its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {str(k.arg): k.value for k in node.keywords}, node.lineno


def _is(value: ast.expr | None, wanted: object) -> bool:
    return isinstance(value, ast.Constant) and value.value == wanted


def faults(source: str) -> list[str]:
    """Return what a file calls that it should not."""
    found: list[str] = []
    for name, keywords, line in _calls(ast.parse(source)):
        if name == "torch.load" and not _is(keywords.get("weights_only"), True):
            found.append(f"{line}: torch.load without weights_only")
        if "allow_pickle" in keywords and not _is(keywords["allow_pickle"], False):
            found.append(f"{line}: {name} with pickles")
        if name in ("np.load", "numpy.load") and "allow_pickle" not in keywords:
            found.append(f"{line}: {name} without a word on pickles")
        if name.endswith((".extractall", ".unpack_archive")) and not _is(keywords.get("filter"), "data"):
            found.append(f"{line}: {name} unpacks what may lead elsewhere")
        if "shell" in keywords or name in ("os.system", "os.popen", "subprocess.getoutput"):
            found.append(f"{line}: {name} by way of a shell")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_unsafe_is_called(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "archive.extractall(folder)",
        "shutil.unpack_archive(path)",
        "subprocess.run(command, shell=True)",
        "os.system(command)",
    ],
)
def test_what_is_unsafe_is_seen(line: str) -> None:
    assert len(faults(line)) == 1
