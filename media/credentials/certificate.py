"""Certificates that videos are signed with: a user's, or one that is made for a single video."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from schemas.outcomes import BadInputError

# Everybody can make a certificate of this name: it says who signed nothing but that nobody vouches for it.
TEST_NAME = "Mentor local test certificate"
_TEST_DAYS = 365
_MAX_BYTES = 1 << 20
# The algorithms of C2PA 2.2, section 13.2, by the curve of the key.
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_MIN_RSA_BITS = 2048


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKey:
    """A certificate with those above it, the signer's first, and its private key, both as PEM."""

    kind: Literal["own", "test"]
    name: str
    algorithm: str
    chain_pem: bytes
    private_pem: bytes


def read_signing_key(certificate: Path, private_key: Path, now: datetime.datetime) -> SigningKey:
    """Return a user's certificate and key.

    Raises:
        BadInputError: if one cannot be read or used, they do not belong together, or it is not its time.
    """
    chain_pem, private_pem = _bytes_of(certificate), _bytes_of(private_key)
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError as error:
        raise BadInputError(
            f"{certificate}: holds no certificates as PEM, the signer's first ({error})"
        ) from error
    try:
        key = serialization.load_pem_private_key(private_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadInputError(f"{private_key}: holds no private key as PEM without a password") from error
    signer = chain[0]
    if _public_bytes(signer.public_key()) != _public_bytes(key.public_key()):
        raise BadInputError(f"{private_key}: is not the key of the first certificate in {certificate}")
    if not signer.not_valid_before_utc <= now <= signer.not_valid_after_utc:
        first, last = signer.not_valid_before_utc, signer.not_valid_after_utc
        raise BadInputError(f"{certificate}: holds from {first:%Y-%m-%d} to {last:%Y-%m-%d}, not today")
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(
        kind="own",
        name=signer.subject.rfc4514_string(),
        algorithm=_algorithm(key, private_key),
        chain_pem=b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain),
        private_pem=plain,
    )


def local_signing_key(now: datetime.datetime) -> SigningKey:
    """Return a certificate made now, under an authority made now, whose keys are kept nowhere."""
    authority, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    top = _certificate("Mentor local test authority", authority, None, now)
    certificate = _certificate(TEST_NAME, signer, (top, authority), now)
    private_pem = signer.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in (certificate, top))
    return SigningKey(
        kind="test", name=TEST_NAME, algorithm="es256", chain_pem=chain, private_pem=private_pem
    )


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    now: datetime.datetime,
) -> x509.Certificate:
    """Return a certificate for an authority (no issuer) or for a signer, as C2PA's profile asks."""
    above, signed_by = (None, key) if issuer is None else issuer
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "nobody vouches for it"),
        ]
    )
    is_authority = issuer is None
    usage = {
        "digital_signature": not is_authority,
        "key_cert_sign": is_authority,
        "crl_sign": is_authority,
        **dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment"), False),
        **dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False),
    }
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if above is None else above.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_TEST_DAYS))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()), critical=False
        )
    )
    if not is_authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, critical=False)
    return builder.sign(signed_by, hashes.SHA256())


def _algorithm(key: object, path: Path) -> str:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _MIN_RSA_BITS:
        return "ps256"
    raise BadInputError(
        f"{path}: C2PA signs with ECDSA (P-256, P-384, P-521), Ed25519 or RSA from {_MIN_RSA_BITS} bits"
    )


def _public_bytes(key: object) -> bytes:
    if not hasattr(key, "public_bytes"):
        return b""
    encoding, form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(encoding, form)  # pyright: ignore


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES)
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror or error})") from error
