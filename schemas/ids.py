"""Identifiers that every run, machine and runner agrees on.

An id is a prefix of a SHA-256 over what it names: bytes for a video, the parent's id and a
span for everything below it. Nothing random and nothing local goes in.
"""

import hashlib
import hmac
from collections.abc import Iterable

ID_HEX_DIGITS = 20  # 80 bits: a collision among 10^9 clips has a chance below 10^-6


def content_id(chunks: Iterable[bytes]) -> tuple[str, int]:
    """Return the id of a byte stream given in chunks, and its size in bytes."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest()[:ID_HEX_DIGITS], size


def span_id(parent_id: str, kind: str, start: int, end: int, *qualifiers: object) -> str:
    """Return the id of the half-open span [start, end) of a parent.

    Spans are given as integers (frames, or microseconds), so that no rounding of a printed
    float can change an id.
    """
    text = ":".join([parent_id, kind, str(start), str(end), *map(str, qualifiers)])
    return hashlib.sha256(text.encode()).hexdigest()[:ID_HEX_DIGITS]


def derived_seed(record_id: str, purpose: str) -> int:
    """Return a 64-bit seed for randomness that belongs to one record."""
    return int.from_bytes(hashlib.sha256(f"{record_id}:{purpose}".encode()).digest()[:8], "big")


def pseudonym(purpose: str, value: str, salt: str) -> str:
    """Return what stands for a value: whoever does not know the salt cannot try which value it was (HMAC)."""
    text = f"{purpose}:{value}".encode("utf-8", "surrogatepass")
    return hmac.new(salt.encode(), text, hashlib.sha256).hexdigest()[:ID_HEX_DIGITS]
