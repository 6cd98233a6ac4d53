"""Content credentials: what is signed is read back, what was changed is seen, whoever signed is said."""

import datetime
import io
import socket
from pathlib import Path

import c2pa
import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from media import VideoEncoder, VideoFrame
from media.credentials import (
    TEST_NAME,
    Claim,
    SigningKey,
    local_signing_key,
    read_credentials,
    read_signing_key,
    sign_mp4,
)
from schemas.outcomes import BadInputError

NOW = datetime.datetime.now(datetime.UTC)
CLAIM = Claim(title="talk.mp4", source="made", payload=0xBEEF, description="made from a photo and a voice")


@pytest.fixture(scope="module")
def plain() -> bytes:
    encoder = VideoEncoder(128, 128, 25.0, 20, "veryfast")
    for index in range(5):
        picture = np.full((128, 128, 3), 40 * index, np.uint8)
        encoder.write(VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p"))
    return encoder.finish()


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return local_signing_key(NOW)


@pytest.fixture(scope="module")
def signed(plain: bytes, key: SigningKey) -> bytes:
    return sign_mp4(plain, CLAIM, key)


def saved(tmp_path: Path, data: bytes, name: str = "talk.mp4") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_a_signed_video_says_what_it_is(signed: bytes, tmp_path: Path) -> None:
    found = read_credentials(saved(tmp_path, signed))
    assert (found.integrity, found.trust, found.signer) == ("intact", "test certificate", TEST_NAME)
    assert found.failures == ("signingCredential.untrusted",)
    assert found.source_types == ("trainedAlgorithmicMedia",) and found.payload == 0xBEEF
    assert (found.generator or "").startswith("Mentor ")


def test_c2pas_own_reader_finds_it_valid(signed: bytes) -> None:
    """As others read it: with c2pa's settings, not ours."""
    with c2pa.Context.from_dict({}) as context, c2pa.Reader(
        "video/mp4", io.BytesIO(signed), context=context
    ) as reader:  # fmt: skip
        assert reader.get_validation_state() == "Valid"


def test_a_composite_says_so(plain: bytes, key: SigningKey, tmp_path: Path) -> None:
    claim = Claim(title="dub.mp4", source="composite", payload=None, description="its mouth was changed")
    found = read_credentials(saved(tmp_path, sign_mp4(plain, claim, key)))
    assert found.source_types == ("compositeWithTrainedAlgorithmicMedia",) and found.payload is None


@pytest.mark.parametrize("at", [0.3, 0.9, 0.999])
def test_a_changed_byte_is_seen(signed: bytes, tmp_path: Path, at: float) -> None:
    changed = bytearray(signed)
    changed[int(at * (len(changed) - 1))] ^= 1
    assert read_credentials(saved(tmp_path, bytes(changed))).integrity in ("changed", "damaged")


def test_added_bytes_and_a_moved_manifest_are_seen(signed: bytes, plain: bytes, tmp_path: Path) -> None:
    added = signed + (16).to_bytes(4, "big") + b"mdat" + b"12345678"
    assert read_credentials(saved(tmp_path, added)).integrity == "changed"


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00\x00\x00\x20ftypisom" + b"\xff" * 400, b"\x00" * 4096])
def test_junk_has_no_credentials_that_hold(data: bytes, tmp_path: Path) -> None:
    assert read_credentials(saved(tmp_path, data)).integrity in ("none", "damaged")


def test_what_has_none_and_what_is_cut_off(plain: bytes, signed: bytes, tmp_path: Path) -> None:
    assert read_credentials(saved(tmp_path, plain)).integrity == "none"
    for share in (0.2, 0.5, 0.95):
        cut = signed[: int(share * len(signed))]
        assert read_credentials(saved(tmp_path, cut)).integrity in ("changed", "damaged", "none")
    with pytest.raises(BadInputError, match="cannot be read"):
        read_credentials(tmp_path / "none.mp4")


def test_whom_the_user_trusts_is_trusted(
    plain: bytes, signed: bytes, key: SigningKey, tmp_path: Path
) -> None:
    authority = key.chain_pem.split(b"-----END CERTIFICATE-----\n")[1] + b"-----END CERTIFICATE-----\n"
    anchors = saved(tmp_path, authority, "anchors.pem")
    video = saved(tmp_path, signed)
    assert read_credentials(video, anchors).trust == "trusted"
    other = saved(tmp_path, sign_mp4(plain, CLAIM, local_signing_key(NOW)), "other.mp4")
    assert read_credentials(other, anchors).trust == "test certificate"
    for data in (b"", b"\xff\xfe", b"no certificate"):
        with pytest.raises(BadInputError, match="--trust"):
            read_credentials(video, saved(tmp_path, data, "bad.pem"))


def test_a_users_certificate_signs(key: SigningKey, plain: bytes, tmp_path: Path) -> None:
    chain = saved(tmp_path, key.chain_pem, "chain.pem")
    private = saved(tmp_path, key.private_pem, "key.pem")
    own = read_signing_key(chain, private, NOW)
    assert (own.kind, own.algorithm) == ("own", "es256") and TEST_NAME in own.name
    found = read_credentials(saved(tmp_path, sign_mp4(plain, CLAIM, own)))
    assert found.integrity == "intact"


def test_certificates_that_do_not_do_are_named(key: SigningKey, tmp_path: Path) -> None:
    chain = saved(tmp_path, key.chain_pem, "chain.pem")
    private = saved(tmp_path, key.private_pem, "key.pem")
    junk = saved(tmp_path, b"junk", "junk.pem")
    other = saved(tmp_path, local_signing_key(NOW).private_pem, "other.pem")
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        encoding, form, serialization.BestAvailableEncryption(b"secret")
    )
    for certificate, private_key, now, said in (
        (junk, private, NOW, "no certificates"),
        (chain, junk, NOW, "no private key"),
        (chain, saved(tmp_path, locked, "locked.pem"), NOW, "without a password"),
        (chain, other, NOW, "not the key of"),
        (chain, private, NOW + datetime.timedelta(days=4000), "not today"),
        (tmp_path / "none.pem", private, NOW, "cannot be read"),
    ):
        with pytest.raises(BadInputError, match=said):
            read_signing_key(certificate, private_key, now)


def test_a_time_stamp_authority_that_does_not_answer_is_named(key: SigningKey, plain: bytes) -> None:
    with socket.socket() as listener:  # a port that nobody listens on
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with pytest.raises(BadInputError, match=f"time stamp by {url}"):
        sign_mp4(plain, CLAIM, key, url)
