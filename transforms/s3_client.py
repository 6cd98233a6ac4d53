"""One client of S3 for all that a process reads and writes there.

Beam makes a session and a client for every single operation, 0.1 s of a processor each, and a look at one
artefact takes four. A client is safe to share among threads; what Beam keeps beside it is of one file.
"""

import functools
import io
from types import SimpleNamespace
from typing import Any


class _Session:
    """Stands in for boto3's session where Beam asks for one."""

    def client(self, **_: Any) -> Any:
        """Return the client: where S3 is and who we are says the environment, never a flag of Beam's."""
        return _client()


@functools.lru_cache
def _client() -> Any:
    from boto3.session import Session

    return Session().client("s3")


def put_object(path: str, data: bytes) -> None:
    """Write an object whole or not at all.

    Beam's own way cannot write an empty object, and leaves what was sent of an upload that broke off to be
    paid for.

    Raises:
        Exception: of botocore's, if it cannot be written.
    """
    bucket, _, key = path.removeprefix("s3://").partition("/")
    _client().upload_fileobj(io.BytesIO(data), bucket, key)


def share_client() -> None:
    """Let Beam's filesystem for s3:// use one client; nothing happens where boto3 is not installed."""
    from apache_beam.io.aws.clients.s3 import boto3_client

    if getattr(boto3_client, "boto3", None) is not None:
        boto3_client.boto3 = SimpleNamespace(session=SimpleNamespace(Session=_Session))  # pyright: ignore
