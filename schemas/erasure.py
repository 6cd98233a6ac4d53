"""The receipt of an erasure: what was done, when, to which files; never what was erased.

Signed with Ed25519 over its canonical JSON (`schemas.sample.to_json_bytes`) without the field `signature`.
Ids and hashes of what was erased are in it as keyed hashes (HMAC-SHA-256), whose key stays in OUT/work: with
that key `erase --verify` searches for them, without it nobody can try who or what it was.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.outcomes import BadInputError
from schemas.sample import to_json_bytes

FORMAT = "mentor-erasure-1"
Signer = Literal["own", "made here"]
"""Whose key it is: one that the user gave, or one made in the run folder, for which nobody vouches."""


def new_key_pem() -> bytes:
    """Return a new private key as PEM."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_key(pem: bytes, where: str) -> Ed25519PrivateKey:
    """Return a private key.

    Args:
        where: the file's name, for the error.

    Raises:
        BadInputError: if it is no Ed25519 key as PEM without a password.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInputError(f"{where}: holds no private key as PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInputError(f"{where}: is no Ed25519 key; `openssl genpkey -algorithm ed25519` makes one")
    return key


def signed(receipt: Mapping[str, Any], key: Ed25519PrivateKey, signer: Signer) -> bytes:
    """Return a receipt as a file, with who signed it and the signature."""
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    whole = {"format": FORMAT, **receipt, "signer": signer, "public_key": public.decode()}
    signature = base64.b64encode(key.sign(to_json_bytes(whole))).decode()
    return to_json_bytes({**whole, "signature": signature})


def read_receipt(data: bytes, where: str) -> tuple[dict[str, Any], bool]:
    """Return a receipt, and whether it is as its key signed it; whose key that is, is for you to know.

    Args:
        where: the file's name, for the error.

    Raises:
        BadInputError: if it is no receipt.
    """
    try:
        whole = json.loads(data)
        if whole["format"] != FORMAT:
            raise ValueError(f"format {str(whole['format'])[:40]}")
        signature = base64.b64decode(whole["signature"], validate=True)
        public = serialization.load_pem_public_key(whole["public_key"].encode())
        told = {name: value for name, value in whole.items() if name != "signature"}
        hidden = told["hidden"]
        for name in ("ids", "bytes"):
            if not all(isinstance(one, str) for one in hidden[name]):
                raise ValueError(f"hidden.{name}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise BadInputError(f"{where}: not the receipt of an erasure ({error})") from error
    if not isinstance(public, Ed25519PublicKey):
        raise BadInputError(f"{where}: not the receipt of an erasure (its key is no Ed25519 key)")
    try:
        public.verify(signature, to_json_bytes(told))
    except InvalidSignature:
        return told, False
    return told, True
