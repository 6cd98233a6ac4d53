"""Curate on worker pools that are machines of their own as far as one machine can have them; one is lost.

    python -m benchmarks.worker_pools [--folder FOLDER] [--number 3] [--no-namespaces]

Each pool has a network namespace (its own address, reached by a bridge), a working directory and the
installed wheel instead of this checkout. The same input is curated locally, by the pools, and by the pools
again with one of them killed in the middle; shards and tables must be the same, byte for byte. Needs root for
namespaces.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from benchmarks.killed_runs import digests, finished
from benchmarks.page import Part, Table, print_part
from tests import wheel_makers
from tests.resume_runs import TALKERS, Place, make_place
from tests.worker_pools import PoolPlace, end, pools

_BRIDGE, _NET = "mentor0", "10.77.0"
_PORT = 50_000


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@contextmanager
def namespaces(number: int) -> Iterator[list[PoolPlace]]:
    """Make network namespaces that see each other and this machine by a bridge; removed at the end."""
    names = [f"{_BRIDGE}-{i}" for i in range(number)]
    hosts = Path("/etc/netns")
    with ExitStack() as undo:
        _ip("link", "add", _BRIDGE, "type", "bridge")
        undo.callback(_ip, "link", "del", _BRIDGE)
        _ip("addr", "add", f"{_NET}.1/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        for i, name in enumerate(names):
            _ip("netns", "add", name)
            undo.callback(_ip, "netns", "del", name)
            _ip("link", "add", f"mv{i}", "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", f"mv{i}", "master", _BRIDGE, "up")
            for command in (
                ("addr", "add", f"{_NET}.{10 + i}/24", "dev", "eth0"),
                ("link", "set", "eth0", "up"),
                ("link", "set", "lo", "up"),
            ):
                _ip("-n", name, *command)
            # `ip netns exec` puts this file in the place of /etc/hosts: workers call back by this name.
            (hosts / name).mkdir(parents=True)
            undo.callback(shutil.rmtree, hosts / name)
            (hosts / name / "hosts").write_text(f"127.0.0.1 localhost\n{_NET}.1 {socket.getfqdn()}\n")
        through = [("ip", "netns", "exec", name) for name in names]
        yield [PoolPlace(f"{_NET}.{10 + i}", _PORT, command) for i, command in enumerate(through)]


def job_flags(address: str, number: int) -> Sequence[str]:
    """Return the flags of a job on so many workers of the pools behind an address."""
    return (
        *("--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=EXTERNAL"),
        *(f"--environment_config={address}", f"--direct_num_workers={number}"),
    )


def _kill_later(process: "subprocess.Popen[bytes]", out: Path, after: int) -> threading.Thread:
    """Kill a pool and its worker when so many artefacts are finished."""

    def wait() -> None:
        while len(finished(out)) < after:
            time.sleep(0.05)
        end(process)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def measure(folder: Path, places: Sequence[PoolPlace], installed: wheel_makers.Installed) -> Part:
    """Curate three times; returns what was the same and how long each took."""
    place: Place = make_place(wheel_makers.ROOT / "demo" / "media", folder)
    inputs = place.manifest([*TALKERS, "man.mp4", "signer.mp4"])
    seconds = {"local": place.curate(folder / "local", inputs).run()}
    for name in ("pools", "one killed"):
        out = folder / name.replace(" ", "-")
        with pools(folder / f"{out.name}-pools", places, installed.environment) as (address, started):
            if name == "one killed":
                _kill_later(started[1], out, after=6)
            seconds[name] = place.curate(out, inputs, *job_flags(address, len(places))).run()
            lost = started[1].poll() is not None
    kept = {name: digests(folder / name.replace(" ", "-")) for name in seconds}
    same = {name: kept[name] == kept["local"] for name in kept}
    shards = sum(name.endswith(".tar") for name in kept["local"])
    said = (folder / "one-killed.log").read_text(encoding="utf-8")
    rows = [(name, seconds[name], same[name]) for name in seconds]
    return Part(
        name="worker pools",
        tables=[Table(title="One input", columns=("run", "wall s", "same bytes as local"), rows=rows)],
        values={"seconds": seconds, "same": same},
        targets=[
            (f"{shards} shards, tables the same on {len(places)} pools", str(same["pools"]), same["pools"]),
            ("and with one pool killed in the middle", str(same["one killed"]), same["one killed"]),
            ("the loss was noticed, and the run went on by itself", str(lost), lost and "going on" in said),
        ],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path("out/pools"))
    parser.add_argument("--number", type=int, default=3)
    parser.add_argument("--no-namespaces", action="store_true", help="pools in folders of their own, no more")
    options = parser.parse_args(arguments)
    folder = options.folder.absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = wheel_makers.copy_tree(folder / "tree")
    wheel = wheel_makers.build_wheel(made, folder / "wheel")
    installed = wheel_makers.install(wheel, folder / "installed")
    with ExitStack() as stack:
        if options.no_namespaces:
            places = [PoolPlace("localhost") for _ in range(options.number)]
        else:
            if os.geteuid() != 0 or shutil.which("ip") is None:
                print("namespaces need root and ip (iproute2); or give --no-namespaces", file=sys.stderr)
                return 2
            places = stack.enter_context(namespaces(options.number))
        part = measure(folder, places, installed)
    print_part(part, Console(width=110))
    return 0 if all(met for _, _, met in part.targets) else 1


if __name__ == "__main__":
    sys.exit(main())
