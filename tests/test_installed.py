"""Mentor as it is installed: what its wheel and sdist hold, and that it runs from elsewhere."""

import importlib.metadata
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from schemas.version import VERSION
from tests import wheel_makers
from tests.resume_runs import SETTINGS, TALKERS, Place, rows
from tests.wheel_makers import Installed


def test_the_wheel_holds_every_file_of_the_rooms_and_no_other(wheel: Path) -> None:
    assert wheel_makers.content(wheel) == wheel_makers.shipped_files()


def test_no_package_of_another_has_a_name_of_ours() -> None:
    owners = importlib.metadata.packages_distributions()
    assert {
        room: owners[room] for room in wheel_makers.SHIPPED if set(owners.get(room, ())) - {"mentor"}
    } == {}


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = Parser().parsestr(archive.read(f"mentor-{VERSION}.dist-info/METADATA").decode())
    assert about["Version"] == VERSION and about["Requires-Python"] == "<3.12,>=3.11"
    assert set(about.get_all("Provides-Extra", [])) == {"train", "gcp", "aws"}
    needs = [Requirement(line) for line in about.get_all("Requires-Dist", [])]
    names = [need.name for need in needs]
    assert len(names) == len(set(names)), "named twice"
    plain = {need.name for need in needs if need.marker is None}
    assert "apache-beam" in plain and "smplx" not in plain and "pytest" not in names


def test_an_sdist_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = wheel_makers.build_sdist(wheel_makers.copy_tree(tmp_path / "tree"), tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        top = {name.split("/")[1] for name in archive.getnames() if "/" in name}
    assert not top & {"tests", "tools", "benchmarks", "demo"}
    assert wheel_makers.content(wheel_makers.build_wheel(sdist, tmp_path)) == wheel_makers.content(wheel)


def test_an_installed_mentor_curates_from_another_folder(
    installed: Installed, place: Place, tmp_path: Path
) -> None:
    done = installed.mentor("doctor", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    video, config = str(place.videos / TALKERS[0]), tmp_path / "run.yaml"
    config.write_text(yaml.safe_dump(SETTINGS | {"isolation": {"num_processes": 1}}))
    named = ("--input", video, "--output", "out", "--config", "run.yaml")
    done = installed.mentor("curate", *named, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(rows(tmp_path / "out", "clips")) == 1 and list((tmp_path / "out" / "shards").glob("*.tar"))
    assert (tmp_path / "out" / "report" / "index.html").is_file()
    about = installed.mentor("curate", "--help", cwd=tmp_path)
    assert about.stdout.startswith("usage: mentor curate")
