"""What a file says of where it comes from: its credentials, who signed them, its watermark, each apart."""

import dataclasses
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from media import MediaError
from media.credentials import Credentials, read_credentials
from media.watermark import Finding, key_kind, read_watermark
from media.watermark.scan import MIN_SECONDS, MIN_SIDE_PX
from pipelines.isolation import (
    IsolationConfig,
    WorkerDiedError,
    WorkerMemoryError,
    WorkerTimeoutError,
    close_pools,
    run_isolated,
)
from schemas.outcomes import BadInputError

MARKED, CONTRADICTED, UNMARKED = 0, 3, 4
_SECONDS = 900.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Three answers. `binding` is whether the payload that the credentials name is the watermark's."""

    file: str
    credentials: Credentials
    watermark: Finding
    watermark_key: Literal["public", "own"]
    trust_anchors: str | None

    @property
    def binding(self) -> Literal["agrees", "differs"] | None:
        """Return how credentials and watermark go together; None where one names no payload."""
        signed, found = self.credentials.payload, self.watermark.payload
        if signed is None or found is None or self.credentials.integrity == "damaged":
            return None
        return "agrees" if signed == found else "differs"

    @property
    def exit_code(self) -> int:
        """Return 0 where a mark holds, 3 where something does not fit, 4 where there is no mark."""
        if self.credentials.integrity in ("changed", "damaged") or self.binding == "differs":
            return CONTRADICTED
        if self.credentials.integrity == "intact" or self.watermark.answer == "found":
            return MARKED
        return UNMARKED

    def plain(self) -> dict[str, Any]:
        """Return what JSON holds."""
        told = dataclasses.asdict(self)
        return {**told, "binding": self.binding, "exit_code": self.exit_code}


def verify_video(path: Path, key: bytes, anchors: Path | None) -> Verdict:
    """Return what a file says; it is opened in a process of its own, with limits on time and memory.

    Raises:
        BadInputError: if it cannot be read, holds no pictures, or ends or outlasts the process.
    """
    if not path.is_file():
        raise BadInputError(f"{path}: no such file")
    with tempfile.TemporaryDirectory() as logs:  # what native libraries say of a file is no line for the user
        isolation = IsolationConfig(num_processes=1, timeout_base_seconds=_SECONDS, log_folder=logs)
        try:
            return run_isolated(_examined, path, key, anchors, config=isolation, media_seconds=0.0)
        except (WorkerDiedError, WorkerMemoryError, WorkerTimeoutError) as error:
            raise BadInputError(f"{path}: cannot be examined: {error}") from error
        finally:
            close_pools()


def _examined(path: Path, key: bytes, anchors: Path | None) -> Verdict:
    credentials = read_credentials(path, anchors)
    try:
        watermark = read_watermark(str(path), key)
    except MediaError as error:
        raise BadInputError(str(error)) from error
    return Verdict(
        file=str(path),
        credentials=credentials,
        watermark=watermark,
        watermark_key=key_kind(key),
        trust_anchors=None if anchors is None else str(anchors),
    )


def told(verdict: Verdict) -> list[str]:
    """Return the three answers in words, each with how sure it is."""
    return [
        f"integrity: {_integrity(verdict.credentials)}",
        f"trust: {_trust(verdict)}",
        f"watermark: {_watermark(verdict)}",
    ]


def _integrity(found: Credentials) -> str:
    codes = ", ".join(found.failures)
    match found.integrity:
        case "intact":
            kinds = ", ".join(found.source_types) or "no source type"
            by = found.generator or "a program without a name"
            return f"intact. Not a byte that is signed has changed (SHA-256). Made by {by}: {kinds}"
        case "changed":
            return f"changed. The file is not the one that was signed ({codes})"
        case "damaged":
            return f"damaged. Credentials or file cannot be read ({codes})"
        case _:
            return "none. There are no content credentials; they are easily removed, so this says nothing"


def _trust(verdict: Verdict) -> str:
    found = verdict.credentials
    at = f", at {found.signed_at} by a time stamp" if found.signed_at else ", at a time that nobody confirms"
    match found.trust:
        case "trusted":
            by = f"{found.signer} ({found.issuer})"
            return f"trusted. Signed by {by}, whom {verdict.trust_anchors} vouches for"
        case "test certificate":
            return f"test certificate. Anybody can make one: nobody vouches for the signer{at}"
        case "untrusted":
            asked = verdict.trust_anchors or "no list of trusted authorities was given (--trust)"
            return f"untrusted. Signed as {found.signer} ({found.issuer}){at}; {asked}"
        case _:
            return "none. Nobody signed"


def _watermark(verdict: Verdict) -> str:
    found, key = verdict.watermark, f"{verdict.watermark_key} key"
    if found.answer == "too short to say":
        return f"too short to say. It takes {MIN_SECONDS:g} s and {MIN_SIDE_PX} px on the shorter side"
    assert found.searched is not None and found.false_alarm_log10 is not None
    searched = found.searched
    tried = (
        f"{searched.num_tried:.0e} places, crops down to {searched.smallest_scale:.0%} and payloads tried, "
        f"mirrored too, {key}"
    )
    if found.answer == "not found":
        return f"not found. A mark that is too weak is not seen, nor one with another key ({tried})"
    fits = {None: "", "agrees": "; the credentials name it too", "differs": "; the credentials name another"}
    return (
        f"found. Payload {found.payload:04x}{fits[verdict.binding]}; by chance once in "
        f"10^{-found.false_alarm_log10:.0f} videos ({tried})"
    )
