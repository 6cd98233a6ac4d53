"""What the errors of object stores mean, whichever client raised them, and how they are told on one line."""

import errno
from typing import Any

from apache_beam.io.filesystem import BeamIOError

_MISSING, _DENIED = 404, (401, 403)
# Errors of AWS by their codes, which come with status 400 or 403.
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")
_UNKNOWN_KEY = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId")


def causes_of(error: BaseException) -> list[BaseException]:
    """Return an error and those that it came of: Beam wraps what its filesystems' clients raise."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            waiting += [one.__cause__, one.__context__]
            if isinstance(one, BeamIOError):
                waiting += list((one.exception_details or {}).values())
    return found


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that a store answered with, None if it did not answer."""
    for one in causes_of(error):
        response = getattr(one, "response", None)
        if isinstance(response, dict):  # of botocore
            return response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        # Of Google's errors, of those in the middle of an upload, and of requests'.
        code = getattr(one, "code", None) or getattr(response, "status_code", None)
        if isinstance(code, int):
            return code
    details = [d for e in causes_of(error) for d in (getattr(e, "exception_details", None) or {}).values()]
    return next((detail for detail in details if isinstance(detail, int)), None)


def told(error: BaseException) -> str:
    """Return what went wrong with credentials, a right or the way, in a few words and with what mends it."""
    names = {type(one).__name__ for one in causes_of(error)}
    text = " ".join(str(error).split())
    if names & {"RefreshError", "UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"} or (
        any(code in text for code in _EXPIRED)
    ):
        return "the credentials have expired or were withdrawn; log in again"
    if any(code in text for code in _UNKNOWN_KEY):
        return "the store does not know these credentials, or their secret is wrong"
    status = status_of(error)
    if status in _DENIED:
        return "access is denied; give this account the right to list, read and, for an output, write there"
    if status == _MISSING:
        return "no such bucket or folder"
    if status is not None and (status == 429 or status >= 500):
        return f"the store is overloaded or out of order (status {status}); try again later"
    return f"cannot be reached ({text[:200] or type(error).__name__})"


def as_os_error(error: BaseException, path: str) -> OSError:
    """Return an error of a store as this machine's files would raise it, with its number."""
    if isinstance(error, OSError) and (error.errno is not None or isinstance(error, FileNotFoundError)):
        return error
    status = status_of(error)
    if status == _MISSING:
        return FileNotFoundError(f"{path}: no such file")
    denied = status in _DENIED or "RefreshError" in {type(one).__name__ for one in causes_of(error)}
    if denied or any(code in str(error) for code in (*_EXPIRED, *_UNKNOWN_KEY)):
        return PermissionError(errno.EACCES, told(error), path)
    return OSError(f"{path}: {told(error)}")
