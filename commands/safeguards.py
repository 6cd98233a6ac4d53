"""What every command that makes a video of a person asks for, and is on unless it is said otherwise."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands.consent import add_consent_flags
from schemas.outcomes import BadInputError
from schemas.person_consent import ConsentBasis, Use

if TYPE_CHECKING:
    from drawing.label import LabelConfig
    from media.credentials import SigningKey

_CORNERS = ("top left", "top right", "bottom left", "bottom right")


@dataclass(frozen=True, kw_only=True, slots=True)
class Safeguards:
    """What was asked for, checked. `label` None: left out; `payload` None: follows from the making."""

    consent: Path | None
    statement: str | None
    adult: bool
    label: "LabelConfig | None"
    watermark_key: bytes
    payload: int | None
    signing_key: "SigningKey"
    time_stamp_authority: str | None

    def settle(self, use: Use, picture: Path, voice: Path | None) -> ConsentBasis:
        """Return by what right the person of a picture is shown.

        Raises:
            BadInputError: unless there is one, as `commands.settle_likeness` says.
        """
        from commands.settle_likeness import settle_likeness

        return settle_likeness(self.consent, self.statement, use, picture, voice, adult=self.adult)

    def warnings(self) -> list[str]:
        """Return what whoever runs the command should know of the marks."""
        from media.watermark import key_kind

        said: list[str] = []
        if self.signing_key.kind == "test":
            said.append(
                "signed with a local test certificate: others see that nothing was changed, but not who "
                "vouches for it; --certificate and --private-key take yours"
            )
        if key_kind(self.watermark_key) == "public":
            said.append("the watermark has the public key, which everybody can read and forge")
        if self.label is None:
            said.append("no visible label: you have to tell people yourself that the video was made")
        return said


def add_safeguard_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags of consent, label, watermark and content credentials."""
    add_consent_flags(parser)
    parser.add_argument("--label-text", default="AI-generated", help="the visible label (AI-generated)")
    parser.add_argument("--label-corner", choices=_CORNERS, default="bottom right", help="where it stands")
    parser.add_argument(
        "--label-height", type=float, default=0.04, help="its height by the picture's shorter side (0.04)"
    )
    parser.add_argument(
        "--no-label", action="store_true", help="leave the visible label out; written into the record"
    )
    parser.add_argument(
        "--watermark-key",
        help="a file with your key; else MENTOR_WATERMARK_KEY names one, else the public key",
    )
    parser.add_argument(
        "--payload", type=int, help="the watermark's 16 bits, 0 to 65535; default: from the record"
    )
    parser.add_argument("--certificate", help="your certificate chain (PEM); default: a local test one")
    parser.add_argument("--private-key", help="its private key (PEM, without a password)")
    parser.add_argument(
        "--tsa", metavar="URL", help="a time-stamp authority (RFC 3161), asked over the network"
    )


def safeguards_of(options: argparse.Namespace) -> Safeguards:
    """Return what the flags say; what they name is read now, before any work.

    Raises:
        BadInputError: naming the flag that cannot be used.
    """
    from media.watermark import MAX_PAYLOAD, read_key

    if options.payload is not None and not 0 <= options.payload <= MAX_PAYLOAD:
        raise BadInputError(f"--payload {options.payload}: should be from 0 to {MAX_PAYLOAD}")
    if options.tsa is not None and not options.tsa.startswith(("http://", "https://")):
        raise BadInputError(f"--tsa {options.tsa}: should be an address with http:// or https://")
    return Safeguards(
        consent=None if options.consent is None else Path(options.consent),
        statement=options.i_have_consent,
        adult=options.person_is_adult,
        label=None if options.no_label else _label(options),
        watermark_key=read_key(options.watermark_key),
        payload=options.payload,
        signing_key=_signing_key(options.certificate, options.private_key),
        time_stamp_authority=options.tsa,
    )


def _label(options: argparse.Namespace) -> "LabelConfig":
    from drawing.label import LabelConfig
    from pipelines.settings import settings_of

    plain = {
        "text": options.label_text,
        "corner": options.label_corner,
        "height_share": options.label_height,
    }
    return settings_of(LabelConfig, plain, "label")


def _signing_key(certificate: str | None, private_key: str | None) -> "SigningKey":
    import datetime

    from media.credentials import local_signing_key, read_signing_key

    now = datetime.datetime.now(datetime.UTC)
    if (certificate is None) != (private_key is None):
        raise BadInputError("--certificate and --private-key belong together: give both, or neither")
    if certificate is None or private_key is None:
        return local_signing_key(now)
    return read_signing_key(Path(certificate), Path(private_key), now)
