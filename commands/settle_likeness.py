"""May this person be made to speak? A command that makes a video asks here before it begins."""

import datetime
import hashlib
from pathlib import Path

from pipelines.settings import settings_of
from pipelines.settings_file import read_settings_file
from schemas.outcomes import BadInputError
from schemas.person_consent import ConsentBasis, PersonConsent, Use, Wanted, refusals

_MAX_STATEMENT = 500
_TEMPLATE = """\
# A person's consent to a made video. `consent` must say granted; what is not surely a yes is a no.
person: ""                # who agreed
consent: ""               # granted, by the person, after they were told what is made of their picture
purpose: ""               # what for: where the video is shown, and what is said in it
uses: [generate]          # of generate, dub, edit
given_on: {today}
until: {today}         # the last day on which it holds
pictures: [{picture}]     # SHA-256 of the files, or any
voices: [{voice}]         # SHA-256 of the files, or any; the voice's owner agreed too
adult: false              # true if the person is 18 or older
# guardian: ""            # who agreed for a child
# reference: ""           # where the signed paper is
# withdrawn_on: {today}   # from here on nothing is made any more
"""


def settle_likeness(
    consent: Path | None,
    statement: str | None,
    use: Use,
    picture: Path,
    voice: Path | None,
    today: datetime.date | None = None,
    *,
    adult: bool = False,
) -> ConsentBasis:
    """Return by what a video may be made of the person in a picture (or a video), with a voice.

    Args:
        adult: whether the statement says that the person is an adult; a file says it itself.

    Raises:
        BadInputError: unless a file of consent surely says yes to just this, or there is a statement.
    """
    if consent is None and statement is None:
        raise BadInputError(
            f"{picture}: a person is made to speak with their consent alone: give it by --consent FILE "
            "(the command `consent` prints a template), or say by what right you do it with "
            '--i-have-consent "WHY"; that is written into the record'
        )
    wanted = Wanted(
        use=use,
        picture_sha256=sha256_of(picture),
        voice_sha256=None if voice is None else sha256_of(voice),
        today=today or datetime.date.today(),
    )
    if consent is not None:
        if adult:
            raise BadInputError(f"--person-is-adult: the file of --consent says that (`adult`): {consent}")
        return _by_file(consent, wanted)
    return _by_statement(statement or "", adult, wanted)


def answered_for(
    consent: Path | None, use: Use, picture: Path, voice: Path | None, *, adult: bool
) -> tuple[bool, str | None]:
    """Return whether the person of whom motion is made is declared an adult, and who agreed for a child.

    Motion shows nobody, so no consent is asked for; one that is given must be that of this use.

    Args:
        adult: whether that is said where no consent is given.

    Raises:
        BadInputError: if the consent is given and does not surely say yes.
    """
    if consent is None:
        return adult, None
    basis = settle_likeness(consent, None, use, picture, voice, adult=adult)
    return basis.adult, basis.guardian


def _by_file(path: Path, wanted: Wanted) -> ConsentBasis:
    origin = f"--consent {path}"
    plain = read_settings_file(str(path), "--consent")
    try:
        consent = settings_of(PersonConsent, plain)
    except BadInputError as error:
        raise BadInputError(f"{origin}: {error}") from error
    if lacking := refusals(consent, wanted):
        raise BadInputError(f"{origin}: no consent to this. " + "; ".join(lacking))
    return ConsentBasis(
        kind="file",
        use=wanted.use,
        picture_sha256=wanted.picture_sha256,
        voice_sha256=wanted.voice_sha256,
        person=consent.person,
        purpose=consent.purpose,
        until=consent.until,
        reference=consent.reference,
        consent_sha256=sha256_of(path),
        adult=consent.adult,
        guardian=(consent.guardian or "").strip() or None,
    )


def _by_statement(statement: str, adult: bool, wanted: Wanted) -> ConsentBasis:
    said = " ".join(statement.split())
    if not said or len(said) > _MAX_STATEMENT or not said.isprintable():
        raise BadInputError(
            f"--i-have-consent: say by what right this person is shown, in up to {_MAX_STATEMENT} characters"
        )
    return ConsentBasis(
        kind="statement",
        use=wanted.use,
        picture_sha256=wanted.picture_sha256,
        voice_sha256=wanted.voice_sha256,
        statement=said,
        adult=adult,
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Raises:
        BadInputError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read ({error.strerror or error})") from error


def consent_template(picture: Path | None, voice: Path | None, today: datetime.date) -> str:
    """Return a file of consent to be filled in; until it is, it says no."""
    picture_sha256, voice_sha256 = ("" if f is None else f'"{sha256_of(f)}"' for f in (picture, voice))
    return _TEMPLATE.format(today=today, picture=picture_sha256, voice=voice_sha256)
