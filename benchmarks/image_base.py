"""What stands in for the images that the Dockerfile begins with, where no registry of images can be reached.

Python's: Debian of the release in the tag, by debootstrap, with the libraries that the official image keeps,
and this machine's Python in /usr/local, as there. Beam's: its boot program, in Python (image_boot.py).
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.worker_pools import end

# Beside what Debian calls required: of debian:*-slim and python:*-slim, in the second line what Python links.
_PACKAGES = (
    *("ca-certificates", "netbase", "tzdata"),
    *("libbz2-1.0", "libdb5.3", "libffi8", "libgdbm6", "libgdbm-compat4", "liblzma5", "libncursesw6"),
    *("libnsl2", "libreadline8", "libsqlite3-0", "libssl3", "libtirpc3", "libuuid1", "zlib1g"),
)
_LEFT_OUT = ("test", "tests", "idle_test", "__pycache__", "site-packages", "*.a")
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Buildah:
    """Buildah with a store of its own."""

    store: Path

    def command(self, *arguments: str) -> list[str]:
        """Return the command that does something in the store."""
        places = (f"--root={self.store}", f"--runroot={self.store}.run")
        return ["buildah", *places, "--storage-driver=overlay", *arguments]

    def __call__(self, *arguments: str) -> str:
        """Do something in the store; returns the last line that it says, shows all others.

        Raises:
            CalledProcessError: if it could not be done.
        """
        done = subprocess.run(self.command(*arguments), check=True, stdout=subprocess.PIPE, text=True)
        *lines, last = done.stdout.strip().splitlines() or [""]
        print(*lines, sep="\n", file=sys.stderr)
        return last

    @contextmanager
    def container(self, image: str) -> Iterator[str]:
        """Make a container of an image, and remove it at the end."""
        name = self("from", "--pull-never", image)
        try:
            yield name
        finally:
            self("rm", name)

    @contextmanager
    def started(
        self, image: str, arguments: Sequence[str], volume: Path, log: Path
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """Start an image by its entry, as its user; it sees a folder by the same name. Ended at the end."""
        words = "--format={{range .OCIv1.Config.Entrypoint}}{{.}}\t{{end}}"
        entry = self("inspect", "--type=image", words, image).split("\t")
        flags = ("--isolation=chroot", "--network=host", f"--volume={volume}:{volume}")
        with self.container(image) as name, log.open("wb") as said:
            command = self.command("run", *flags, name, "--", *entry, *arguments)
            process = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
            try:
                yield process
            finally:
                end(process)


def base_images(buildah: Buildah, dockerfile: Path, folder: Path) -> None:
    """Put what stands in for the bases of a Dockerfile into the store, under their names.

    Raises:
        ValueError: if nothing stands in for one of them.
        CalledProcessError: if it can't be made.
    """
    bases = re.findall(r"^FROM (\S+:\S+)", dockerfile.read_text(encoding="utf-8"), re.MULTILINE)
    for base in sorted(set(bases)):
        files = folder / re.sub(r"\W", "-", base)
        if not files.exists():
            made = files.with_name(f"{files.name}.tmp")
            shutil.rmtree(made, ignore_errors=True)
            _make(base, made)
            made.rename(files)
        container = buildah("from", "scratch")
        buildah("add", "--quiet", container, str(files), "/")
        buildah("config", *(f"--env={name}={value}" for name, value in _ENVIRONMENT.items()), container)
        owner = "docker.io/" if "/" in base else "docker.io/library/"
        buildah("commit", "--quiet", "--rm", container, f"{owner}{base}")


def _make(base: str, folder: Path) -> None:
    name, _, tag = base.partition(":")
    if name == "python":
        _python(tag.rpartition("-")[2], folder)
    elif name.startswith("apache/beam_python"):
        boot = folder / "opt" / "apache" / "beam" / "boot"
        boot.parent.mkdir(parents=True)
        shutil.copy(Path(__file__).parent / "image_boot.py", boot)
        boot.chmod(0o755)
    else:
        raise ValueError(f"nothing stands in for {base}")


def _python(release: str, folder: Path) -> None:
    included = f"--include={','.join(_PACKAGES)}"
    subprocess.run(["debootstrap", "--variant=minbase", included, release, str(folder)], check=True)
    for left in ("var/lib/apt/lists", "var/cache/apt", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(folder / left, ignore_errors=True)
    library, target = Path(sysconfig.get_path("stdlib")), folder / "usr" / "local"
    packages = target / "lib" / library.name
    shutil.copytree(library, packages, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (packages / "site-packages").mkdir()
    for shared in library.parent.glob("libpython*.so*"):
        shutil.copy(shared, target / "lib" / shared.name, follow_symlinks=False)
    shutil.copy(os.path.realpath(sys.executable), target / "bin" / library.name)
    for alias in ("python3", "python"):
        (target / "bin" / alias).symlink_to(library.name)
    steps = "ldconfig && python -m ensurepip && ln -s pip3 /usr/local/bin/pip"
    subprocess.run(["chroot", str(folder), "/bin/sh", "-c", steps], check=True, env=_ENVIRONMENT)
