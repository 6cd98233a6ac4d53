"""Videos that reserve text and data mining, in each of the ways in which a file can say so."""

import datetime
import io
import struct
from pathlib import Path
from typing import Any

import c2pa

from media.credentials.certificate import local_signing_key
from media.credentials.sign import OFFLINE, Claim, manifest_of

XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
PLUS = "http://ns.useplus.org/ldf/vocab/"


def packet(properties: str) -> bytes:
    """Return an XMP packet with some properties, as attributes of its description."""
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:tdm="http://www.w3.org/ns/tdmrep#" '
        f"{properties}/>"
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def box(kind: bytes, content: bytes) -> bytes:
    """Return a box of an MP4."""
    return struct.pack(">I4s", 8 + len(content), kind) + content


def with_xmp(mp4: bytes, properties: str) -> bytes:
    """Return an MP4 with an XMP packet at its end."""
    return mp4 + box(b"uuid", XMP + packet(properties))


def mining(uses: dict[str, str], label: str = "cawg.training-mining") -> dict[str, Any]:
    """Return the assertion that gives each entry its use."""
    return {"label": label, "data": {"entries": {name: {"use": use} for name, use in uses.items()}}}


def signed(mp4: bytes, *assertions: dict[str, Any], parent: bytes | None = None) -> bytes:
    """Return an MP4 that is signed with our own test certificate, with further assertions.

    Args:
        parent: another one that it was made of.
    """
    key = local_signing_key(datetime.datetime.now(datetime.UTC))
    manifest = manifest_of(Claim(title="a talk", source="made", payload=None, description="for a test"))
    manifest["assertions"] += assertions
    out = io.BytesIO()
    info = c2pa.C2paSignerInfo(key.algorithm.encode(), key.chain_pem, key.private_pem, None)
    with (
        c2pa.Context.from_dict(OFFLINE) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(manifest, context) as builder,
    ):
        if parent is not None:
            add: Any = builder  # our stubs name what Mentor uses alone
            add.add_ingredient({"title": "before"}, "video/mp4", io.BytesIO(parent))
        builder.sign(signer, "video/mp4", io.BytesIO(mp4), out)
    return out.getvalue()


def store_of(mp4: bytes) -> bytes:
    """Return the manifest store of a signed MP4, as a file beside it would hold it."""
    start = mp4.index(C2PA) + 16
    (length,) = struct.unpack_from(">I", mp4, start - 24)
    return mp4[start + 4 + len(b"manifest\0") + 8 : start - 24 + length]


def avi_with(avi: bytes, kind: bytes, content: bytes) -> bytes:
    """Return an AVI with one more chunk."""
    padded = content + b"\0" * (len(content) % 2)
    body = avi[8:] + struct.pack("<4sI", kind, len(content)) + padded
    return b"RIFF" + struct.pack("<I", len(body)) + body


def write(path: Path, data: bytes) -> Path:
    """Write a file; returns its path."""
    path.write_bytes(data)
    return path
