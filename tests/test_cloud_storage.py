"""Files on gs:// and s3://, against servers on loopback: lists, ranges, retries, broken uploads, access."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.command_line import main
from schemas.outcomes import BadInputError
from tests import cloud_servers
from tests.cloud_servers import Fault, Store
from transforms import cloud_access, storage
from transforms.cloud_access import check_access, check_some_access

_EXPIRED = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
_DENIED = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_UNKNOWN = "<Error><Code>InvalidAccessKeyId</Code><Message>No such key.</Message></Error>"
_REVOKED = json.dumps({"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
_FORBIDDEN = json.dumps({"error": {"code": 403, "message": f"{cloud_servers.ACCOUNT} does not have access"}})
_LIST = {"gs": "/storage/v1/b/bucket/o", "s3": "/bucket?list-type"}
_PUT = {"gs": "/upload/", "s3": "/bucket/"}
_GET = {"gs": "/download/", "s3": "/bucket/"}


@pytest.fixture
def store(request: pytest.FixtureRequest, cloud: Store) -> Iterator[Store]:
    """A store, without faults and with nothing asked yet."""
    cloud.faults.clear()
    cloud.requests.clear()
    yield cloud
    cloud.faults.clear()


def test_files_are_written_found_and_deleted(store: Store) -> None:
    names = [f"{store.root}/files/{name}" for name in ("a b.txt", "deep/er/ü#%.txt", "two.txt")]
    for number, name in enumerate(names):
        storage.write_bytes(name, b"x" * number)
    assert list(storage.list_files(f"{store.root}/files")) == [(name, n) for n, name in enumerate(names)]
    assert storage.list_folder(f"{store.root}/files") == ["a b.txt", "deep", "two.txt"]
    assert storage.sizes_of([names[1], f"{store.root}/files/none"]) == {names[1]: 1}
    assert storage.read_bytes(names[2]) == b"xx" and storage.read_if_there(f"{names[2]}x") is None
    assert storage.delete_tree(f"{store.root}/files") == 3
    assert list(storage.list_files(f"{store.root}/files")) == []
    assert list(storage.list_files(f"{store.scheme}://no-such-bucket/files")) == []


def test_a_folder_of_more_than_a_page_is_listed_and_deleted(store: Store, many: int) -> None:
    assert len(list(storage.list_files(f"{store.root}/many"))) == many > store.page
    assert sum(_LIST[store.scheme] in path for _, path, _ in store.requests) == 2
    assert storage.delete_tree(f"{store.root}/many") == many
    assert list(storage.list_files(f"{store.root}/many")) == []


def test_a_part_of_a_file_is_read_by_range(store: Store) -> None:
    path = f"{store.root}/parts/file"
    content = bytes(range(256)) * 4096
    storage.write_bytes(path, content)
    store.requests.clear()
    handle, size = storage.open_remote(path)
    with handle:
        handle.seek(1_000_003)
        assert (size, handle.read(5)) == (len(content), content[1_000_003:1_000_008])
    assert [span.split("-")[0] for _, path, span in store.requests if span] == ["bytes=1000003"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_store_is_asked_again(store: Store, status: int) -> None:
    path = f"{store.root}/busy/{status}"
    kinds = [("PUT", _PUT), ("GET", _LIST), ("GET", _GET)]
    store.faults += [Fault(method, part[store.scheme], status, "busy") for method, part in kinds]
    storage.write_bytes(path, b"whole")
    assert storage.read_bytes(path) == b"whole"
    assert list(storage.list_files(f"{store.root}/busy/{status}x")) == []
    assert all(fault.times == 0 for fault in store.faults)


def test_an_upload_that_breaks_off_leaves_no_object(store: Store) -> None:
    path = f"{store.root}/broken/off"
    storage.write_bytes(path, b"as it was")
    # 18 MB go up in several pieces; all but the first are refused.
    part = "partNumber=2" if store.scheme == "s3" else "/upload/"
    first = Fault("PUT", part, 200, times=0)
    store.faults += [first, Fault("PUT", part, 403, _DENIED, times=99)]
    with pytest.raises(OSError):
        storage.write_bytes(path, bytes(18 * 2**20))
    store.faults.clear()
    assert storage.read_bytes(path) == b"as it was"


def told(*uris: str) -> str:
    """Return the line that ends a command which names these, and check that it comes soon."""
    began = time.monotonic()
    with pytest.raises(Exception) as caught:
        check_access(uris)
    assert time.monotonic() - began < 5.0
    said = str(caught.value)
    assert "\n" not in said and len(said) < 500
    return said


def test_missing_credentials_are_told(store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in store.environment:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setattr("google.auth.compute_engine._metadata._NO_GCE_CHECK", True)
    named = {"gs": "gcloud auth application-default login", "s3": "AWS_ACCESS_KEY_ID"}[store.scheme]
    assert named in told(f"{store.root}/videos")


def test_a_key_file_that_is_not_there_is_named(google_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/key.json")
    assert "/no/such/key.json" in told("gs://bucket/x")


def test_expired_credentials_are_told(store: Store) -> None:
    refused = {"gs": ("POST", "/token", 400, _REVOKED), "s3": ("GET", "/bucket", 400, _EXPIRED)}[store.scheme]
    store.faults.append(Fault(*refused, times=99))
    assert (
        told(f"{store.root}/x")
        == f"{store.root}: the credentials have expired or were withdrawn; log in again"
    )


def test_a_denied_bucket_is_told(store: Store) -> None:
    body = {"gs": _FORBIDDEN, "s3": _DENIED}[store.scheme]
    store.faults.append(Fault("GET", _LIST[store.scheme], 403, body, times=99))
    assert told(f"{store.root}/x").startswith(f"{store.root}: access is denied; give this account the right")
    with pytest.raises(PermissionError):  # a folder that may not be listed is not an empty one
        list(storage.list_files(f"{store.root}/x"))


def test_a_bucket_that_is_not_there_is_told(store: Store) -> None:
    assert told(f"{store.scheme}://no-such/x") == f"{store.scheme}://no-such: no such bucket or folder"


def test_inputs_of_several_buckets_need_one_that_is_open(store: Store) -> None:
    check_some_access([f"{store.scheme}://no-such/x", f"{store.root}/x", "/here/x", "http://there/x"])
    with pytest.raises(BadInputError, match="no such bucket or folder"):
        check_some_access([f"{store.scheme}://no-such/x", f"{store.scheme}://none/x"])


def test_inputs_of_a_manifest_here_are_looked_for_before_the_work(
    aws_store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{cloud_servers.free_port()}")
    (tmp_path / "all.csv").write_text("uri,consent\ns3://bucket/talk.mp4,yes\n")
    for more in ([], ["--dry-run"]):
        named = ["--input", str(tmp_path / "all.csv"), "--output", str(tmp_path / "out")]
        began = time.monotonic()
        assert main(["curate", *named, *more]) == 2
        assert time.monotonic() - began < 5.0
        said = capsys.readouterr().err.strip()
        assert said.startswith("error: s3://bucket: cannot be reached") and "\n" not in said
    assert not (tmp_path / "out").exists()


def test_unknown_keys_are_told(aws_store: Store) -> None:
    aws_store.faults.append(Fault("GET", "/bucket", 403, _UNKNOWN, times=99))
    assert told("s3://bucket/x").endswith(
        "the store does not know these credentials, or their secret is wrong"
    )
    aws_store.faults.clear()


def test_a_store_that_is_silent_or_away_is_told(
    google_store: Store, aws_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = cloud_servers.free_port()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    assert "gs://bucket: cannot be reached" in told("gs://bucket/x")
    assert "s3://bucket: cannot be reached" in told("s3://bucket/x")
    monkeypatch.setattr(cloud_access, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setitem(cloud_access._LOOKS, "s3", ("aws", ("boto3",), lambda _: time.sleep(1)))
    assert told("s3://bucket/x") == "s3://bucket: no answer within 0.1 s; is the network there?"


def test_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cloud_access._LOOKS, "s3", ("aws", ("no_such.boto",), lambda _: None))
    assert "requirements-aws.txt" in told("s3://bucket/x") and "no_such.boto" in told("s3://bucket/x")


def test_an_output_that_may_not_be_written_ends_a_command_with_a_line(
    store: Store, finished: str, capsys: pytest.CaptureFixture[str]
) -> None:
    method, part = {"gs": ("POST", "/upload/"), "s3": ("PUT", "/bucket/")}[store.scheme]
    store.faults.append(Fault(method, part, 403, {"gs": _FORBIDDEN, "s3": _DENIED}[store.scheme], times=99))
    assert main(["package", finished]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"error: --output {finished}: cannot be written (access is denied")
    assert "\n" not in said
