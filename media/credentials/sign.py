"""Signing a video: what is claimed of it, and the claim bound to its bytes and to its watermark."""

import io
from dataclasses import dataclass
from typing import Any, Literal

import c2pa

from media.credentials.certificate import SigningKey
from schemas.outcomes import BadInputError
from schemas.version import VERSION

# Not on C2PA's list of algorithms: only Mentor finds this mark.
SOFT_BINDING = "mentor.spread-spectrum.1"
SOURCE_TYPES = {
    "made": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    "composite": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
}
# Nothing is fetched: no manifest that lies elsewhere, no revocation list.
OFFLINE: dict[str, Any] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "core": {"allowed_network_hosts": []},
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What is said of a video: `source` "made" is a whole picture that was made, "composite" a changed video.

    `payload` is the watermark's, None without one. `description` is for people.
    """

    title: str
    source: Literal["made", "composite"]
    payload: int | None
    description: str


def sign_mp4(mp4: bytes, claim: Claim, key: SigningKey, time_stamp_authority: str | None = None) -> bytes:
    """Return an MP4 with its content credentials.

    Raises:
        BadInputError: if the certificate does not do for C2PA, or the time-stamp authority does not answer.
    """
    settings: dict[str, Any] = OFFLINE if time_stamp_authority is None else {**OFFLINE, "core": {}}
    authority = None if time_stamp_authority is None else time_stamp_authority.encode()
    signed = io.BytesIO()
    try:
        info = c2pa.C2paSignerInfo(key.algorithm.encode(), key.chain_pem, key.private_pem, authority)
        with (
            c2pa.Context.from_dict(settings) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(manifest_of(claim), context) as builder,
        ):
            builder.sign(signer, "video/mp4", io.BytesIO(mp4), signed)
    except c2pa.C2paError as error:
        stamped = f", time stamp by {time_stamp_authority}" if time_stamp_authority else ""
        raise BadInputError(
            f"content credentials ({key.name}{stamped}): cannot be signed: {error}"
        ) from error
    return signed.getvalue()


def manifest_of(claim: Claim) -> dict[str, Any]:
    """Return the manifest as c2pa-python wants it."""
    agent = {"name": "Mentor", "version": VERSION}
    actions: list[dict[str, Any]] = [
        {
            "action": "c2pa.created",
            "digitalSourceType": SOURCE_TYPES[claim.source],
            "softwareAgent": agent,
            "description": claim.description,
        }
    ]
    assertions: list[dict[str, Any]] = []
    if claim.payload is not None:
        actions.append({"action": "c2pa.watermarked.bound", "softwareAgent": agent})
        binding: dict[str, Any] = {
            "alg": SOFT_BINDING,
            "blocks": [{"scope": {}, "value": f"{claim.payload:04x}"}],
        }
        assertions.append({"label": "c2pa.soft-binding", "data": binding})
    return {
        "claim_generator_info": [agent],
        "title": claim.title,
        "format": "video/mp4",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}, *assertions],
    }
