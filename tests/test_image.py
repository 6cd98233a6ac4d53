"""The image's Dockerfile by rules, as no image can be built where tests run; its entry is run."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.wheel_makers import ROOT, SHIPPED

_EXACT_TAG = re.compile(r"(?:@sha256:[0-9a-f]{64}|:\d+\.\d+\.\d+[\w.-]*)$")


def instructions() -> list[tuple[str, str]]:
    """Return (instruction, what it is given) of the Dockerfile, continued lines as one."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    parted = (line.strip().partition(" ") for line in lines if line.strip())
    return [(name.upper(), given.strip()) for name, _, given in parted]


def given(name: str) -> list[str]:
    return [value for found, value in instructions() if found == name]


def test_every_base_is_one_version() -> None:
    stages: set[str] = set()
    for value in given("FROM"):
        base, *named = re.split(r"\s+AS\s+", value, flags=re.IGNORECASE)
        assert base in stages or _EXACT_TAG.search(base), f"{base} is not pinned"
        stages |= set(named)
    pin = re.search(r"^apache-beam==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert pin is not None
    beam, *pythons = given("FROM")
    assert beam == f"apache/beam_python3.11_sdk:{pin[1]} AS beam"
    assert len({base.split()[0] for base in pythons}) == 1 and pythons[0].startswith("python:3.11.")


def test_it_does_not_run_as_root() -> None:
    last = max(i for i, (name, _) in enumerate(instructions()) if name == "FROM")
    users = [value for name, value in instructions()[last:] if name == "USER"]
    assert (
        users and users[-1].isdigit() and int(users[-1]) > 0
    )  # a number: Kubernetes can tell it is not root


def test_nothing_is_fetched_but_packages_and_nothing_is_left_over() -> None:
    assert given("ADD") == []
    for command in (part.strip() for run in given("RUN") for part in run.split("&&")):
        words = shlex.split(command)
        assert not {"curl", "wget", "git", "sudo", "apt-get", "apt"} & set(words), command
        if "pip" in words:
            assert "--no-cache-dir" in words and {"--no-deps", "-c"} & set(words), command
    secrets = [v for name in ("ARG", "ENV") for v in given(name) if re.search(r"(?i)token|secret|passw", v)]
    assert secrets == []


def test_all_that_mentor_is_built_from_reaches_the_build() -> None:
    copied = [v for v in given("COPY") if not v.startswith("--from")]
    sources = {source for v in copied for source in v.split()[:-1]}
    assert all((ROOT / source).exists() for source in sources)
    listed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"}
    beside = {name for name in sources if not any(Path(name).match(pattern) for pattern in listed)}
    assert {name.split("/")[0] for name in beside} - listed == set()
    dynamic = set(re.findall(r'file = \["(\S+?)"\]', (ROOT / "pyproject.toml").read_text()))
    assert {*SHIPPED, "pyproject.toml", "README.md", *dynamic} <= sources


@pytest.mark.parametrize(
    ("arguments", "program"),
    [
        (["--id=worker-1", "--control_endpoint=localhost:1"], "boot"),
        (["--worker_pool"], "boot"),
        (["curate", "--input", "a b", "--output", "out"], "mentor"),
        (["doctor"], "mentor"),
        (["--help"], "mentor"),
        ([], "mentor"),
    ],
)
def test_the_entry_starts_a_worker_or_a_command(tmp_path: Path, arguments: list[str], program: str) -> None:
    (shell, script) = json.loads(given("ENTRYPOINT")[0])
    assert shell == "/bin/sh" and f"COPY docker/entry.sh {script}" in "\n".join(map(" ".join, instructions()))
    for name in ("boot", "mentor"):
        stand_in = tmp_path / name
        stand_in.write_text(
            f'#!{sys.executable}\nimport json, sys\nprint(json.dumps(["{name}", *sys.argv[1:]]))\n'
        )
        stand_in.chmod(0o755)
    text = (ROOT / "docker" / "entry.sh").read_text().replace("/opt/apache/beam", str(tmp_path))
    command = ["/bin/sh", "-c", text, "entry.sh", *arguments]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [program, *(arguments or ["--help"])]
