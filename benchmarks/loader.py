"""How fast batches come out of shards, beside other ways to read them, and how long a trainer waits for them.

    python benchmarks/loader.py --shards OUT [--split train] [--frames 50] [--batch 4] [--workers 2]
        [--batches 40] [--step-seconds 0.5]

Ways: reading the tar files without looking at what is in them; webdataset, each sample decoded whole; torch's
DataLoader over the same samples as files, each decoded whole and then cut; Mentor's windows, with and without
pictures. The trainer is one that computes elsewhere: each step takes a fixed time on no core of this machine.
"""

import argparse
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parent.parent)

import webdataset  # noqa: E402
from torch.utils.data import DataLoader, Dataset  # noqa: E402

from media.spans import decode_span  # noqa: E402
from models.data.config import WindowConfig  # noqa: E402
from models.data.loader import WindowLoader  # noqa: E402
from models.data.places import find_shards  # noqa: E402
from models.data.windows import ShardWindows  # noqa: E402
from schemas.sample import PARTS, decode_sample  # noqa: E402

# As Mentor's own loader starts its processes: this one has threads by then.
_FRESH: Any = {"multiprocessing_context": "forkserver"}
_ARRAYS = ("smplx:jaw", "smplx:expression", "smplx:body_pose", "valid:smplx_face")


def main() -> int:
    """Print samples a second of each way, and the trainer's waiting."""
    options = _options()
    shards = [shard for shard in find_shards(options.shards) if f"{options.split}-" in shard]
    size = sum(Path(shard).stat().st_size for shard in shards)
    number = sum(1 for _ in _members(shards))
    each = f"{size / number / 1e6:.2f} MB each"
    print(f"{number} samples in {len(shards)} shards, {each}, {options.workers} workers")
    with tempfile.TemporaryDirectory() as folder:
        for name, samples in _ways(options, shards, Path(folder)):
            count, begun = 0, time.perf_counter()
            for done in samples:
                count += done
            seconds = time.perf_counter() - begun
            print(f"{name:44} {count / seconds:8.1f} samples/s", flush=True)
    for pictures in (False, True):
        share = _waiting(options, pictures)
        what = "with pictures" if pictures else "sound and motion"
        print(f"a trainer of {options.step_seconds} s a step waits, {what:20} {share:6.1%} of the time")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--shards", required=True, help="a run's folder, here")
    parser.add_argument("--split", default="train", help="default: train")
    parser.add_argument("--frames", type=int, default=50, help="of a window; default: 50")
    parser.add_argument("--batch", type=int, default=4, help="windows a batch; default: 4")
    parser.add_argument("--workers", type=int, default=2, help="processes that read; default: 2")
    parser.add_argument("--batches", type=int, default=40, help="batches that are timed; default: 40")
    parser.add_argument("--step-seconds", type=float, default=0.5, help="of the trainer; default: 0.5")
    return parser.parse_args()


def _ways(
    options: argparse.Namespace, shards: list[str], folder: Path
) -> Iterator[tuple[str, Iterable[int]]]:
    yield "tar files, read and no more", (1 for _ in _members(shards))
    yield "webdataset, samples decoded whole", _webdataset(options, shards)
    files = _unpacked(shards, folder)
    yield "DataLoader over files, decoded whole", _files(options, files)
    yield "Mentor's windows, sound and motion", _windows(options, pictures=False)
    yield "Mentor's windows, with pictures", _windows(options, pictures=True)


def _members(shards: list[str]) -> Iterator[bytes]:
    """Yield the video of each sample, having read all of it."""
    for shard in shards:
        with tarfile.open(shard, "r|") as archive:
            for member in archive:
                data = archive.extractfile(member)
                content = b"" if data is None else data.read()
                if member.name.endswith(".mp4"):
                    yield content


def _decoded(key: str, parts: dict[str, bytes]) -> int:
    """Decode all of a sample."""
    sample = decode_sample(key, parts)
    decode_span(sample.mp4, 0, sample.about["num_frames"], sample.about["fps"])
    return 1


def _of_webdataset(sample: dict[str, Any]) -> int:
    return _decoded(sample["__key__"], {part: sample[part] for part in PARTS})


def _webdataset(options: argparse.Namespace, shards: list[str]) -> Iterator[int]:
    dataset: Any = webdataset.WebDataset(shards, shardshuffle=len(shards), empty_check=False)  # pyright: ignore
    loader: Any = webdataset.WebLoader(  # pyright: ignore
        dataset.shuffle(100).map(_of_webdataset), batch_size=None, num_workers=options.workers, **_FRESH
    )
    yield from loader


class _Files(Dataset[int]):
    """Samples as four files each."""

    def __init__(self, keys: list[Path]) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, index: int) -> int:
        key = self._keys[index]
        return _decoded(key.name, {part: key.with_suffix(f".{part}").read_bytes() for part in PARTS})


def _unpacked(shards: list[str], folder: Path) -> list[Path]:
    keys: set[Path] = set()
    for shard in shards:
        with tarfile.open(shard) as archive:
            archive.extractall(folder, filter="data")
            keys |= {folder / name.split(".")[0] for name in archive.getnames()}
    return sorted(keys)


def _files(options: argparse.Namespace, keys: list[Path]) -> Iterator[int]:
    yield from DataLoader(_Files(keys), batch_size=None, shuffle=True, num_workers=options.workers, **_FRESH)


def _loader(options: argparse.Namespace, pictures: bool) -> WindowLoader[Any]:
    config = WindowConfig(
        num_frames=options.frames, arrays=_ARRAYS, with_frames=pictures, mirror_probability=0.5
    )
    windows = ShardWindows(
        options.shards, config, seed=1, split=options.split, batch_size=options.batch, epochs=None
    )
    return WindowLoader(windows, num_workers=options.workers)


def _windows(options: argparse.Namespace, pictures: bool) -> Iterator[int]:
    for batch, _ in zip(_loader(options, pictures), range(options.batches), strict=False):
        yield len(batch.keys)


def _waiting(options: argparse.Namespace, pictures: bool) -> float:
    """Return the share of time that a trainer waits for its next batch, after the first."""
    batches, waited = iter(_loader(options, pictures)), 0.0
    next(batches)
    begun = time.perf_counter()
    for _ in range(options.batches // 2):
        time.sleep(options.step_seconds)
        asked = time.perf_counter()
        next(batches)
        waited += time.perf_counter() - asked
    return waited / (time.perf_counter() - begun)


if __name__ == "__main__":
    sys.exit(main())
