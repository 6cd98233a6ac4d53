"""What is given to the pipeline: a source, and on what terms it may be used."""

from dataclasses import dataclass

from schemas.published import private
from schemas.quick import quick


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """On what terms a source may be used, as a manifest declares them (`schemas.terms`, docs/manifests.md).

    `basis` and `scope` are words of closed lists, in the lists' order, with a blank between them.
    `expires_on` is the last day on which consent holds, `withdrawn_on` the first on which it does no more
    (YYYY-MM-DD, in UTC). `licence_id` is the licence as an SPDX expression, where its words are understood;
    `jurisdiction` a code of ISO 3166-1.
    """

    basis: str | None = None
    scope: str | None = None
    expires_on: str | None = None
    withdrawn_on: str | None = None
    licence_id: str | None = None
    jurisdiction: str | None = None


@quick
@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One input: where it is, what it is called, and what a manifest declares about it.

    `uri` opens it on this machine and is not published; `name` is its path below the input folder or the
    manifest's, the same on every machine, and is what tables and samples carry. `refusal` says why it may not
    be opened, a reason and remarks on it (`schemas.consent`); empty where nothing is against it. `consent` is
    'granted', 'refused' or 'unclear'; `speaker_id`, `consent_reference` and `rights_holder` are pseudonyms
    unless the configuration publishes them; `licence` is as it was written, `terms` hold what of it is
    understood; `language` is a code of the recogniser's. `row` is the place in the manifest that declares it
    ('line 3'). `guardian_consent`, in the words of `consent`, says whether a guardian agreed for somebody who
    is under age; only 'granted' is a yes.
    """

    uri: str = private(instead="")
    name: str
    refusal: tuple[str, ...] = private(instead=(), default=())
    title: str | None = None
    licence: str | None = None
    rights_holder: str | None = None
    consent: str | None = None
    consent_reference: str | None = None
    terms: Terms = Terms()
    guardian_consent: str | None = None
    speaker_id: str | None = None
    language: str | None = None
    transcript: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    row: str | None = private(instead=None, default=None)
