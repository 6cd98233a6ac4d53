"""Whether an object store lets us in, asked once before the work: clients try for minutes and say nothing.

Google's look for a metadata server and Beam's four tries to find credentials take a hundred seconds where
there are none; a name that cannot be resolved takes two minutes. Here a look is bounded, its answer one line.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from schemas.extras import require
from schemas.outcomes import BadInputError
from transforms.remote_errors import status_of, told

PATIENCE_SECONDS = 4.0
# Denied or not there: another bucket may be open.
_OF_THE_BUCKET = (403, 404)
_NO_GOOGLE = (
    "no Google credentials: run `gcloud auth application-default login`, or let "
    "GOOGLE_APPLICATION_CREDENTIALS name the key file of a service account"
)
_NO_AWS = "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def check_access(uris: Iterable[str]) -> None:
    """Look once into each bucket of gs:// and s3:// URIs; other URIs are left alone.

    Raises:
        BadInputError: on one line, within seconds, if a package or credentials are missing, or the store does
            not let us in.
    """
    seen: set[tuple[str, str]] = set()
    for uri in uris:
        scheme, _, rest = uri.partition("://")
        bucket = rest.split("/")[0]
        if scheme not in _LOOKS or (scheme, bucket) in seen:
            continue
        seen.add((scheme, bucket))
        extra, modules, look = _LOOKS[scheme]
        require(extra, *modules)
        if not bucket:
            raise BadInputError(f"{uri}: names no bucket")
        _look(f"{scheme}://{bucket}", lambda look=look, bucket=bucket: look(bucket))


def check_some_access(uris: Iterable[str]) -> None:
    """Look into the buckets of each store until one lets us in: files of the others fail at once, one by one.

    Raises:
        BadInputError: as `check_access`, where a store cannot be reached or none of its buckets lets us in.
    """
    buckets: dict[str, dict[str, None]] = {}
    for uri in uris:
        scheme, _, rest = uri.partition("://")
        if scheme in _LOOKS:
            buckets.setdefault(scheme, {})[f"{scheme}://{rest.split('/')[0]}"] = None
    for named in buckets.values():
        refused: list[BadInputError] = []
        for bucket in named:
            try:
                check_access([bucket])
                break
            except BadInputError as error:
                if status_of(error) not in _OF_THE_BUCKET:
                    raise
                refused.append(error)
        else:
            raise refused[0]


def _look(place: str, look: Callable[[], None]) -> None:
    """Let a look end, or its time."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            look()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    if thread.is_alive():
        raise BadInputError(f"{place}: no answer within {PATIENCE_SECONDS:g} s; is the network there?")
    for error in failed:
        said = str(error) if isinstance(error, BadInputError) else told(error)
        raise BadInputError(f"{place}: {said}") from error


def _look_at_google(bucket: str) -> None:
    # Inherited by workers. A machine of Google's answers at once; elsewhere nobody does.
    os.environ.setdefault("GCE_METADATA_TIMEOUT", "2")
    os.environ.setdefault("GCE_METADATA_DETECT_RETRIES", "1")
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError
    from google.cloud import storage

    try:
        credentials, project = google.auth.default()
    except DefaultCredentialsError as error:
        unreadable = os.environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        said = f"{unreadable}: {error}" if unreadable else _NO_GOOGLE
        raise BadInputError(" ".join(said.split())[:400]) from error
    client: Any = storage.Client(project=project or "-", credentials=credentials)
    next(iter(client.list_blobs(bucket, max_results=1, timeout=PATIENCE_SECONDS, retry=None)), None)


def _look_at_aws(bucket: str) -> None:
    from boto3.session import Session
    from botocore.config import Config

    session = Session()
    if session.get_credentials() is None:
        raise BadInputError(_NO_AWS)
    seconds = PATIENCE_SECONDS / 2
    bounded = Config(connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1})
    session.client("s3", config=bounded).list_objects_v2(Bucket=bucket, MaxKeys=1)


_LOOKS: dict[str, tuple[str, tuple[str, ...], Callable[[str], None]]] = {
    "gs": ("gcp", ("google.auth", "google.cloud.storage"), _look_at_google),
    "s3": ("aws", ("boto3",), _look_at_aws),
}
