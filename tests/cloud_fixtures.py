"""Fixtures of object stores on loopback, and of a finished run that lies there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cloud_servers
from tests.cloud_servers import Store
from transforms.storage import delete_tree, write_bytes

COPIED = ("artefacts", "biometric", "results", "work/last_run.json", "layout.json")


@pytest.fixture(scope="session")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server for gs://."""
    with cloud_servers.google(tmp_path_factory.mktemp("google")) as store:
        yield store


@pytest.fixture(scope="session")
def aws_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server for s3://."""
    with cloud_servers.aws(tmp_path_factory.mktemp("aws")) as store:
        yield store


def _used(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Have this process speak with a store, as from its beginning."""
    from apache_beam.internal.gcp.auth import _Credentials

    for name, value in store.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(_Credentials, "_credentials_init", False)
    return store


@pytest.fixture
def google_store(google_server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store that gs:// means."""
    return _used(google_server, monkeypatch)


@pytest.fixture
def aws_store(aws_server: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store that s3:// means."""
    return _used(aws_server, monkeypatch)


@pytest.fixture(params=["gs", "s3"])
def cloud(request: pytest.FixtureRequest) -> Store:
    """Each of them."""
    return request.getfixturevalue({"gs": "google_store", "s3": "aws_store"}[request.param])


@pytest.fixture
def many(cloud: Store) -> int:
    """The number of objects in a folder `many` of the store: more than a list gives at once."""
    number = cloud.page + 5
    for i in range(number):
        cloud.put(f"many/{i:04d}", b"x")
    return number


@pytest.fixture
def finished(cloud: Store, whole: Path) -> str:
    """A finished run that was copied to the store; returns its place."""
    place = f"{cloud.root}/finished"
    delete_tree(place)  # of the last test
    cloud.requests.clear()
    files = [f for name in COPIED for f in sorted((whole / name).rglob("*")) or [whole / name] if f.is_file()]
    for path in files:
        cloud.put(f"finished/{path.relative_to(whole).as_posix()}", path.read_bytes())
    current = {"result": (whole / "current").readlink().name}
    write_bytes(f"{place}/current.json", json.dumps(current).encode())
    return place
