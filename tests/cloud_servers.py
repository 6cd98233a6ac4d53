"""Object stores on loopback for tests: gcp-storage-emulator and moto's S3 server, behind a gate.

The gate passes requests on and notes them. It answers itself where a `Fault` says so, hands out Google's
access tokens, and pages Google's lists, which the service does and the emulator does not.
"""

import http.client
import http.server
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.worker_pools import free_port

BUCKET = "bucket"
ACCOUNT = "tester@some-project.iam.gserviceaccount.com"
_DROPPED = ("host", "connection", "transfer-encoding", "content-length", "accept-encoding")


@dataclass(slots=True)
class Fault:
    """An answer of the gate's own to requests of a method whose path has a part, a number of times."""

    method: str
    part: str
    status: int
    body: str = ""
    times: int = 1


@dataclass(slots=True)
class Store:
    """A server, how one speaks with it, and what was asked of it."""

    scheme: str
    environment: dict[str, str]
    put: Callable[[str, bytes], None]  # writes an object past the gate
    page: int = 1000
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, range

    @property
    def root(self) -> str:
        """The bucket."""
        return f"{self.scheme}://{BUCKET}"

    def fault_of(self, method: str, path: str) -> Fault | None:
        """Return the fault that a request meets, and count it."""
        for fault in self.faults:
            if fault.method == method and fault.part in path and fault.times > 0:
                fault.times -= 1
                return fault
        return None


class _Gate(http.server.BaseHTTPRequestHandler):
    """Passes requests on; its subclasses know what it stands before."""

    protocol_version = "HTTP/1.1"
    store: Store
    backend: tuple[str, int]

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is said."""

    def _handle(self) -> None:
        body = self._body()
        self.store.requests.append((self.command, self.path, self.headers.get("Range", "")))
        fault = self.store.fault_of(self.command, self.path)
        if fault is not None:
            self._answer(fault.status, {"Content-Type": "application/json"}, fault.body.encode())
        elif self.path == "/token":
            token = {"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}
            self._answer(200, {"Content-Type": "application/json"}, json.dumps(token).encode())
        else:
            self._answer(*self._passed_on(body))

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = _handle

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(*self.backend, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _DROPPED}
        headers |= {"Host": self.headers["Host"], "Content-Length": str(len(body))}
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        data = response.read()
        kept = {k: v for k, v in response.getheaders() if k.lower() not in _DROPPED}
        if self.command == "HEAD":
            kept["Content-Length"] = response.getheader("Content-Length", "0")
        connection.close()
        return response.status, kept, _page(self.path, data, self.store.page)

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _page(path: str, data: bytes, most: int) -> bytes:
    """Return a page of a list of Google's objects; other answers as they are."""
    parts = urlsplit(path)
    if not parts.path.endswith("/o") or not data.startswith(b"{"):
        return data
    listed, asked = json.loads(data), parse_qs(parts.query)
    first, size = int(asked.get("pageToken", ["0"])[0]), min(int(asked.get("maxResults", [most])[0]), most)
    items = listed.get("items", [])
    more = {"nextPageToken": str(first + size)} if first + size < len(items) else {}
    return json.dumps({**listed, "items": items[first : first + size], **more}).encode()


@contextmanager
def _gated(store: Store, backend: tuple[str, int]) -> Iterator[str]:
    handler = type("Gate", (_Gate,), {"store": store, "backend": backend})
    gate = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=gate.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{gate.server_port}"
    finally:
        gate.shutdown()
        gate.server_close()


def key_file(folder: Path, token_uri: str) -> Path:
    """Write the key file of a made-up service account whose tokens come from a place of ours."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    account = {
        "type": "service_account",
        "project_id": "some-project",
        "private_key_id": "1",
        "private_key": key.private_bytes(*form).decode(),
        "client_email": ACCOUNT,
        "token_uri": token_uri,
    }
    path = folder / "key.json"
    path.write_text(json.dumps(account))
    return path


def _ignored(_: Any) -> None:
    """Forget what a call gives."""


@contextmanager
def google(folder: Path) -> Iterator[Store]:
    """A store that is spoken with as Google's, with one bucket."""
    from gcp_storage_emulator.server import create_server

    port = free_port()

    def put(name: str, data: bytes) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        asked = urlencode({"uploadType": "media", "name": name})
        connection.request("POST", f"/upload/storage/v1/b/{BUCKET}/o?{asked}", data)
        assert connection.getresponse().status == 200
        connection.close()

    store = Store("gs", {}, put, page=100)  # the emulator slows down with the number of objects
    with ExitStack() as stack:
        stack.enter_context(create_server("127.0.0.1", port, in_memory=True, default_bucket=BUCKET))
        address = stack.enter_context(_gated(store, ("127.0.0.1", port)))
        store.environment |= {
            "STORAGE_EMULATOR_HOST": address,
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file(folder, f"{address}/token")),
        }
        yield store


@contextmanager
def aws(folder: Path) -> Iterator[Store]:
    """A store that is spoken with as Amazon's, with one bucket."""
    import boto3
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it says a line a request
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    account = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    store = Store("s3", {}, lambda name, data: _ignored(account.put_object(BUCKET, name, data)))
    try:
        with _gated(store, (host, port)) as address:
            keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
            store.environment |= {**keys, "AWS_ENDPOINT_URL": address, "AWS_DEFAULT_REGION": "us-east-1"}
            made = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
            boto3.client("s3", endpoint_url=address, **made).create_bucket(Bucket=BUCKET)
            yield store
    finally:
        server.stop()
