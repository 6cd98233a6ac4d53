"""Two processes of a training run that share a batch."""

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent


def run_two_ranks(program: str, *arguments: str, port: int) -> list[int]:
    """Run a program as two ranks that meet at a port of this machine; returns their exit codes."""
    command = [sys.executable, "-c", program, *arguments]
    common = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "PYTHONPATH": str(_ROOT),
    }
    ranks = [
        subprocess.Popen(command, cwd=_ROOT, env={**os.environ, **common, "RANK": str(rank)})
        for rank in range(2)
    ]
    return [rank.wait(timeout=300) for rank in ranks]
