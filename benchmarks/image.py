"""Build the image where no registry of images is, and use it: a command, a run, a pool that works for a job.

    python -m benchmarks.image [--folder FOLDER] [--built] [--share PATH ...] [--build-arg NAME=VALUE ...]

Buildah builds the repository's Dockerfile as it is; image_base.py says what stands in for the images it
begins with. `--share` shows a file or folder of this machine to the build's steps by the same name: a
pip.conf, certificates, wheels. Needs root, Debian's packages buildah and debootstrap, and about 30 GB.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from benchmarks.image_base import Buildah, base_images
from benchmarks.killed_runs import digests
from benchmarks.page import Part, Table, print_part
from benchmarks.worker_pools import job_flags
from tests import wheel_makers
from tests.resume_runs import TALKERS, make_place
from tests.worker_pools import wait_for

_TAG = "localhost/mentor:built"
_PORT = 50_000  # of the pool that Beam's boot program starts
_DEMO = wheel_makers.ROOT / "demo" / "media"
_OPT = ("opt/mentor", "opt/apache/beam")  # what the last stage copies from others


def build(buildah: Buildah, shared: Sequence[Path], arguments: Sequence[str]) -> None:
    """Build the image of the repository's Dockerfile from bases that lie in the store."""
    volumes = [f"--volume={path}:{path}:ro" for path in shared]
    given = [f"--build-arg={argument}" for argument in arguments]
    flags = ("--pull-never", "--format=docker", "--isolation=chroot", "--network=host", f"--tag={_TAG}")
    buildah("build", *flags, *volumes, *given, str(wheel_makers.ROOT))


def sizes_part(buildah: Buildah) -> Part:
    """Return how many bytes the files have that each part of the image brings."""
    with buildah.container(_TAG) as container:
        root = Path(buildah("mount", container))
        inside = {name: _num_bytes(root / name) for name in _OPT}
        rest = _num_bytes(root) - sum(inside.values())
    rows = [(name, size / 1e6) for name, size in (*inside.items(), ("the base, the user, the entry", rest))]
    table = Table(title="The image", columns=("part", "MB"), rows=rows)
    return Part(name="sizes", tables=[table], values=dict(rows))


def command_part(buildah: Buildah, folder: Path) -> Part:
    """Run the image's command line: doctor, and curate on one clip of the demo."""
    volume = _volume(folder / "command")
    shutil.copy(_DEMO / "s31_lbig7s.mp4", volume / "clip.mp4")
    named = ("--input", str(volume / "clip.mp4"), "--output", str(volume / "out"))
    codes: dict[str, int] = {}
    for command in (("doctor",), ("curate", *named)):
        with buildah.started(_TAG, command, volume, folder / f"{command[0]}.log") as process:
            codes[command[0]] = process.wait()
    shards = list((volume / "out" / "shards").glob("*.tar"))
    owners = {path.stat().st_uid for path in shards}
    return Part(
        name="command line",
        tables=[Table(title="Commands", columns=("command", "exit code"), rows=list(codes.items()))],
        values=codes,
        targets=[
            ("doctor finds all models and tools", str(codes["doctor"]), codes["doctor"] == 0),
            ("curate writes a shard", str(len(shards)), codes["curate"] == 0 and len(shards) > 0),
            ("as a user who is not root", str(sorted(owners)), len(owners) == 1 and 0 not in owners),
        ],
    )


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def pool_part(buildah: Buildah, folder: Path) -> Part:
    """Send a job to the image as a worker pool, from outside; the result must be that of a local run."""
    volume = _volume(folder / "job")
    place = make_place(_DEMO, volume)
    inputs = place.manifest([*TALKERS, "man.mp4", "signer.mp4"])
    seconds = {"local": place.curate(volume / "local", inputs).run()}
    flags = job_flags(f"localhost:{_PORT}", 1)
    # What the sender, who is root, makes, the image's user must write into.
    with _umask(0), buildah.started(_TAG, ["--worker_pool"], volume, folder / "pool.log"):
        wait_for(("localhost", _PORT))
        seconds["image"] = place.curate(volume / "image", inputs, *flags).run()
    local, remote = digests(volume / "local"), digests(volume / "image")
    made = [p for p in (volume / "image" / "artefacts").rglob("record.json") if p.stat().st_uid != 0]
    shards = sum(name.endswith(".tar") for name in local)
    return Part(
        name="worker pool",
        tables=[Table(title="One input", columns=("run", "wall s"), rows=list(seconds.items()))],
        values={"seconds": seconds},
        targets=[
            (f"{shards} shards, tables and pages as of a local run", str(local == remote), local == remote),
            ("artefacts were made by the image's user", str(len(made)), bool(made)),
        ],
    )


def _volume(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    return folder


def _num_bytes(folder: Path) -> int:
    files = [p.lstat() for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
    return sum({status.st_ino: status.st_size for status in files}.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and use the image; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("out/image"))
    parser.add_argument("--share", type=Path, action="append", default=[])
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--built", action="store_true", help="use the image that FOLDER has")
    options = parser.parse_args(arguments)
    missing = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        print(f"needs root{''.join(f', {name}' for name in missing)}", file=sys.stderr)
        return 2
    folder = options.folder.absolute()
    buildah = Buildah(folder / "store")
    try:
        if not options.built:
            base_images(buildah, wheel_makers.ROOT / "Dockerfile", folder / "bases")
            build(buildah, options.share, options.build_arg)
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(error.cmd)[:200]} ended with exit code {error.returncode}", file=sys.stderr)
        return 1
    parts = [sizes_part(buildah), command_part(buildah, folder), pool_part(buildah, folder)]
    for part in parts:
        print_part(part, Console(width=110))
    return 0 if all(met for part in parts for _, _, met in part.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
