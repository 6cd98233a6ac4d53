"""Reading content credentials: are they of this file, and who signed them?"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import c2pa

from media.credentials.certificate import TEST_NAME
from media.credentials.sign import OFFLINE, SOFT_BINDING
from schemas.outcomes import BadInputError

Integrity = Literal["intact", "changed", "damaged", "none"]
Trust = Literal["trusted", "untrusted", "test certificate", "none"]
# Failures that say something of the signer, not of the file.
_OF_THE_SIGNER = ("signingCredential.", "timeStamp.", "claimSignature.outsideValidity")
_MAX_TEXT = 200
_MAX_ANCHORS = 1 << 22


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What a file's credentials say. `failures` are C2PA's codes; all text is the file's own word."""

    integrity: Integrity
    trust: Trust
    failures: tuple[str, ...] = ()
    signer: str | None = None
    issuer: str | None = None
    signed_at: str | None = None
    generator: str | None = None
    source_types: tuple[str, ...] = ()
    payload: int | None = None


def read_credentials(path: Path, anchors: Path | None = None) -> Credentials:
    """Return what a file's credentials say; only MP4 and MOV are looked into.

    Args:
        anchors: certificates (PEM) of authorities that are trusted; nobody is without.

    Raises:
        BadInputError: if the file or the anchors cannot be read.
    """
    settings = _settings(anchors)
    try:
        with path.open("rb") as file:
            if file.read(12)[4:8] != b"ftyp":
                return Credentials(integrity="none", trust="none")
            file.seek(0)
            with (
                c2pa.Context.from_dict(settings) as context,
                c2pa.Reader("video/mp4", file, context=context) as reader,
            ):
                return _credentials(json.loads(reader.json()), reader.get_validation_state())
    except c2pa.C2paError.ManifestNotFound:
        return Credentials(integrity="none", trust="none")
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (c2pa.C2paError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        return Credentials(integrity="damaged", trust="none", failures=(_text(error) or "unreadable",))


def _settings(anchors: Path | None) -> dict[str, Any]:
    if anchors is None:
        return OFFLINE
    try:
        with anchors.open("r", encoding="ascii") as file:
            pem = file.read(_MAX_ANCHORS)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"--trust {anchors}: cannot be read as PEM ({error})") from error
    if "BEGIN CERTIFICATE" not in pem:
        raise BadInputError(f"--trust {anchors}: holds no certificates as PEM")
    return {**OFFLINE, "trust": {"trust_anchors": pem}}


def _credentials(told: dict[str, Any], state: str | None) -> Credentials:
    manifest = told["manifests"][told["active_manifest"]]
    results = told.get("validation_results", {}).get("activeManifest", {})
    failures = tuple(str(one["code"])[:_MAX_TEXT] for one in results.get("failure", ()))
    of_the_file = [code for code in failures if not code.startswith(_OF_THE_SIGNER)]
    known = state in ("Valid", "Trusted") or len(of_the_file) < len(failures)
    signature = manifest.get("signature_info", {})
    generators: list[dict[str, Any]] = manifest.get("claim_generator_info") or [{}]
    generator = generators[0]
    return Credentials(
        integrity="intact" if known and not of_the_file else "changed",
        trust=_trust(state, signature),
        failures=failures,
        signer=_text(signature.get("common_name")),
        issuer=_text(signature.get("issuer")),
        signed_at=_text(signature.get("time")),
        generator=_text(" ".join(str(generator.get(key, "")) for key in ("name", "version")).strip()),
        source_types=tuple(sorted(_source_types(manifest))),
        payload=_payload(manifest),
    )


def _trust(state: str | None, signature: dict[str, Any]) -> Trust:
    if state == "Trusted":
        return "trusted"
    return "test certificate" if signature.get("common_name") == TEST_NAME else "untrusted"


def _source_types(manifest: dict[str, Any]) -> set[str]:
    """Return the last parts of the digital source types that actions name."""
    actions = [
        action
        for assertion in manifest.get("assertions", ())
        if str(assertion.get("label", "")).startswith("c2pa.actions")
        for action in assertion.get("data", {}).get("actions", ())
    ]
    types = (str(action.get("digitalSourceType") or "") for action in actions)
    return {kind.rsplit("/", 1)[-1][:_MAX_TEXT] for kind in types if kind}


def _payload(manifest: dict[str, Any]) -> int | None:
    for assertion in manifest.get("assertions", ()):
        data = assertion.get("data", {})
        if assertion.get("label") == "c2pa.soft-binding" and data.get("alg") == SOFT_BINDING:
            return int(str(data["blocks"][0]["value"]), 16) & 0xFFFF
    return None


def _text(value: object) -> str | None:
    """Return a word of the file's on one line and not too long, None if there is none."""
    if value is None:
        return None
    printable = "".join(c if c.isprintable() else " " for c in str(value))
    return " ".join(printable.split())[:_MAX_TEXT] or None
