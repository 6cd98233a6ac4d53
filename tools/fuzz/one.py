"""Fuzz one target in this process: `python -m tools.fuzz.one GROUP:NAME FOLDER SECONDS`; or FILES, read once.

An error that is none of `NAMED_ERRORS`, and an input that takes too long, is kept by where it came from, with
the first input that led there, and fuzzing goes on. A hang, and memory beyond the limit, end the process:
libFuzzer keeps the input.
"""

import hashlib
import importlib
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.fuzz.target import Target

_ROOMS = ("schemas", "body", "media", "backends", "models", "pipelines", "transforms", "lint", "commands")
_LIBRARIES = ("yaml", "tarfile", "wave", "zipfile")
_MEMORY_MB, _HANG_SECONDS = 6144, 120
_OURS = str(Path(__file__).parent)


def main() -> None:
    """Fuzz, or read files."""
    name, *rest = sys.argv[1:]
    if Path(rest[0]).is_file():
        for file in rest:
            find_target(name).read(Path(file).read_bytes())
        return
    import atheris  # pyright: ignore[reportMissingImports] (requirements-fuzz.txt)

    with atheris.instrument_imports(include=[*_ROOMS, *_LIBRARIES]):  # pyright: ignore
        target = find_target(name)
    folder = Path(rest[0])
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:40]).write_bytes(seed)
    flags = (
        f"-max_total_time={rest[1]}", f"-timeout={_HANG_SECONDS}",
        f"-report_slow_units={_HANG_SECONDS}", f"-rss_limit_mb={_MEMORY_MB}",
        f"-malloc_limit_mb={_MEMORY_MB // 2}", f"-max_len={target.max_bytes}", f"-artifact_prefix={folder}/",
        str(corpus),
    )  # fmt: skip
    atheris.Setup([name, *flags], _keeping(target, folder))
    atheris.Fuzz()


def find_target(name: str) -> "Target":
    """Return the target GROUP:NAME."""
    group, _, own = name.partition(":")
    targets: tuple[Target, ...] = importlib.import_module(f"tools.fuzz.{group}").TARGETS
    return next(target for target in targets if target.name == own)


def _keeping(target: "Target", folder: Path) -> Callable[[bytes], None]:
    """Return the function to be fuzzed: what it should not do is written down, once for each place."""
    from tools.fuzz.target import NAMED_ERRORS

    warnings.simplefilter("ignore")
    seen: set[str] = set()

    def keep(kind: str, where: str, told: str, data: bytes) -> None:
        mark = hashlib.sha256(where.encode()).hexdigest()[:12]
        if mark not in seen:
            seen.add(mark)
            (folder / f"{kind}-{mark}").write_bytes(data)
            (folder / f"{kind}-{mark}.txt").write_text(told, encoding="utf-8", errors="replace")

    def run(data: bytes) -> None:
        begun = time.process_time()
        try:
            target.read(data)
        except NAMED_ERRORS:
            pass
        except Exception as error:
            frames = [
                f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_OURS)
            ]
            places = [f"{f.filename}:{f.lineno}" for f in (*frames[:2], *frames[-1:])]
            told = "".join(traceback.format_exception(error)[-40:])[-6000:]
            keep("error", f"{type(error).__name__} {places}", told, data)
        if (took := time.process_time() - begun) > target.seconds:
            keep("slow", f"{took:.0f}", f"{took} s", data)

    return run


if __name__ == "__main__":
    main()
