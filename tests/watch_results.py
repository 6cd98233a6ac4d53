"""A reader of a run folder that never stops looking: `python tests/watch_results.py OUT`, until stdin ends.

Each line is one look, as JSON: `seen` is a digest of the whole result that OUT/current named, `moved` how
often another result took its place while it was read, `plain` what one sees who opens plain paths below OUT
one after the other, or the name of an error.
"""

import hashlib
import json
import sys
import tarfile
import threading
from pathlib import Path

import pyarrow.parquet as pq

# Many looks a run, and most of the machine for the run.
PAUSE_SECONDS = 0.3


def digest_of(folder: Path) -> str:
    """Load all shards and tables of a folder; returns a digest of what they hold.

    Raises:
        OSError, tarfile.TarError, pyarrow.ArrowException, AssertionError: if they are not whole.
    """
    digest = hashlib.sha256()
    shards = sorted((folder / "shards").glob("*.tar"))
    tables = sorted((folder / "tables").iterdir())
    for path in (*shards, *tables):
        digest.update(path.name.encode())
        if path.suffix == ".parquet":
            digest.update(repr(pq.read_table(path).to_pylist()).encode())
            continue
        with tarfile.open(path) as tar:
            names = tar.getnames()
            for member in tar:
                handle = tar.extractfile(member)
                digest.update(b"" if handle is None else handle.read())
        index = folder / "index" / f"{path.stem}.parquet"
        keys = pq.read_table(index, columns=["key"])["key"].to_pylist()
        assert {name.split(".")[0] for name in names} == set(keys), f"{path.name}: not its index"
    assert shards and tables, "nothing"
    return digest.hexdigest()


def look(out: Path) -> dict[str, object]:
    """Look once, in both ways."""
    found: dict[str, object] = {"moved": 0}
    try:
        found["plain"] = digest_of(out)
    except Exception as error:
        found["plain"] = f"{type(error).__name__}: {error}"
    for attempt in range(5):
        current = (out / "current").readlink()
        try:
            found |= {"seen": digest_of(out / current), "moved": attempt}
            break
        except Exception as error:
            found["seen"] = f"{type(error).__name__}: {error}"
            if (out / "current").readlink() == current:  # it was not replaced meanwhile: it is not whole
                break
    return found


def main(out: Path) -> None:
    """Look until standard input ends."""
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    while not ended.wait(PAUSE_SECONDS):
        print(json.dumps(look(out)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
