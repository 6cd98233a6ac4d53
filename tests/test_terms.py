"""What a manifest says of terms is read strictly, and judged by a policy that fails closed."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.config import config_from
from schemas.days import day_of
from schemas.outcomes import BadInputError
from schemas.records.source import Source, Terms
from schemas.terms import BASES, narrowest, no_longer
from transforms.judge_consent import ConsentConfig, judge_consent, read_terms
from transforms.judge_consent.licences import is_allowed, licence_id

TODAY = datetime.date(2026, 11, 27)
UNCLEAR = {
    "consent_basis": (
        "basis_unclear",
        ("verbal", "consent; maybe", "6(1)(a)", "?", "own work, consent", ";"),
    ),
    "consent_scope": (
        "scope_unclear",
        ("all", "training", "train+publish", "train; any", "none", ",", "t r a i n"),
    ),
    "consent_expires": (
        "expiry_unclear",
        *(("31.12.2026", "12/31/2026", "2026", "2026-12", "20261231", "2026-13-01", "2026-02-30", "never"),),
    ),
    "consent_withdrawn": ("withdrawal_unclear", ("maybe", "27.11.2026", "ja", "granted", "2026-11", "n/a")),
    "jurisdiction": ("jurisdiction_unclear", ("Germany", "DEU", "XX", "UK", "d", "DE, FR", "US-CA")),
}


@pytest.mark.parametrize(("column", "text"), [(c, t) for c, (_, texts) in UNCLEAR.items() for t in texts])
def test_what_is_not_clear_is_a_fault(column: str, text: str) -> None:
    terms, faults = read_terms({column: text})
    assert faults == ((UNCLEAR[column][0], column),)
    assert terms == Terms()


@given(text=st.text(max_size=30))
def test_nothing_is_both_understood_and_a_fault(text: str) -> None:
    for column in UNCLEAR:
        terms, faults = read_terms({column: text})
        assert (terms == Terms()) or not faults
        assert faults or terms != Terms() or column == "consent_withdrawn"


def test_clear_words_are_understood_in_any_order_and_case() -> None:
    terms, faults = read_terms(
        {
            "consent_basis": "Licence; Explicit-Consent",
            "consent_scope": "publish, TRAIN",
            "consent_expires": "2027-01-31",
            "consent_withdrawn": "No",
            "licence": "Creative Commons Attribution 4.0 International",
            "jurisdiction": "de",
        }
    )
    assert faults == ()
    assert terms == Terms(
        basis="explicit_consent licence", scope="train publish", expires_on="2027-01-31",
        licence_id="CC-BY-4.0", jurisdiction="DE",
    )  # fmt: skip
    for basis in BASES:
        for spelled in (basis, basis.replace("_", " ").title(), basis.replace("_", "-")):
            assert read_terms({"consent_basis": spelled})[0].basis == basis


@pytest.mark.parametrize("text", ["yes", "TRUE", "1", "1.0", "withdrawn", "Revoked"])
def test_a_withdrawal_without_a_day_holds_at_once(text: str) -> None:
    assert read_terms({"consent_withdrawn": text})[1] == (("consent_withdrawn", "consent_withdrawn"),)
    assert read_terms({"consent_withdrawn": text, "consent_scope": "x"})[1][0][0] == "consent_withdrawn"


@pytest.mark.parametrize(
    ("expires_on", "withdrawn_on", "reason"),
    [
        (None, None, None),
        ("", "", None),
        ("2026-11-27", None, None),
        ("2026-11-26", None, "consent_expired"),
        (None, "2026-11-28", None),
        (None, "2026-11-27", "consent_withdrawn"),
        ("2020-01-01", "2020-01-01", "consent_withdrawn"),
        ("soon", None, "consent_expired"),
        ("2030-01-01", "0", "consent_withdrawn"),
    ],
)
def test_a_consent_holds_to_its_last_day(
    expires_on: str | None, withdrawn_on: str | None, reason: str | None
) -> None:
    assert no_longer(expires_on, withdrawn_on, TODAY) == reason


def test_days_are_calendar_dates() -> None:
    assert day_of("2024-02-29") == datetime.date(2024, 2, 29)
    assert [day_of(t) for t in ("2023-02-29", "2026-W05-6", "２０２６-01-01", "2026-01-01 ", "")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mit", "MIT"),
        ("MIT License", "MIT"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("cc by-nc-sa 4.0", "CC-BY-NC-SA-4.0"),
        ("https://creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        ("CC0", "CC0-1.0"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("cc-by-4.0 or mit", "CC-BY-4.0 OR MIT"),
        ("LicenseRef-Studio-7", "LicenseRef-Studio-7"),
        ("CC BY", None),
        ("CC BY 4.0 (not for training)", None),
        ("CC-BY-4.0 AND whatever", None),
        ("public domain", None),
        ("all rights reserved", None),
        ("(" * 299, None),
        ("x" * 9999, None),
    ],
)
def test_licences_are_spdx_expressions_where_they_are_understood(text: str, found: str | None) -> None:
    assert licence_id(text) == found


@pytest.mark.parametrize(
    ("expression", "allowed", "covered"),
    [
        ("CC-BY-4.0", ["CC-BY-4.0"], True),
        ("CC-BY-3.0-DE", ["cc-by"], True),
        ("CC-BY-NC-4.0", ["CC-BY"], False),
        ("CC-BY-SA-4.0", ["CC-BY"], False),
        ("MIT OR GPL-3.0-only", ["MIT"], True),
        ("MIT AND GPL-3.0-only", ["MIT"], False),
        ("MIT AND (CC0-1.0 OR GPL-3.0-only)", ["MIT", "CC0"], True),
        ("LicenseRef-a", ["LicenseRef-b"], False),
        ("MIT", [], False),
    ],
)
def test_a_list_of_licences_covers_expressions(expression: str, allowed: list[str], covered: bool) -> None:
    assert is_allowed(expression, allowed) is covered


WHOLE = Source(
    uri="a.mp4", name="a.mp4", consent="granted", licence="CC BY 4.0", rights_holder="r",
    consent_reference="f",
    terms=Terms(
        basis="consent licence", scope="train publish", expires_on="2027-01-01", licence_id="CC-BY-4.0",
        jurisdiction="DE",
    ),
)  # fmt: skip
EMPTY = Source(uri="a.mp4", name="a.mp4")
STRICT = ConsentConfig(
    require=True,
    columns=("consent_basis", "consent_scope", "consent_expires", "consent_reference", "licence",
             "rights_holder", "jurisdiction"),
    scopes=("train",), bases=("consent", "licence"), licences=("CC-BY", "CC0"), jurisdictions=("DE", "FR"),
)  # fmt: skip


def test_what_nobody_asks_for_is_no_reason() -> None:
    for config in (ConsentConfig(), ConsentConfig(require=False, scopes=())):
        assert judge_consent(EMPTY, config, TODAY) == () == judge_consent(WHOLE, config, TODAY)
    assert judge_consent(WHOLE, STRICT, TODAY) == ()


def test_what_is_asked_for_and_empty_is_a_no() -> None:
    assert judge_consent(EMPTY, STRICT, TODAY) == (
        "consent_missing", "basis_missing", "scope_missing", "expiry_missing", "reference_missing",
        "licence_missing", "rights_holder_missing", "jurisdiction_missing",
    )  # fmt: skip
    for demanded in (
        {"scopes": ("train",)},
        {"bases": ("consent",)},
        {"licences": ("MIT",)},
        {"jurisdictions": ("DE",)},
    ):
        (reason,) = judge_consent(EMPTY, ConsentConfig(**demanded), TODAY)  # pyright: ignore[reportArgumentType]
        assert reason.endswith("_missing")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"expires_on": "2026-11-26"}, "consent_expired"),
        ({"withdrawn_on": "2026-11-27"}, "consent_withdrawn"),
        ({"scope": "publish"}, "scope_not_granted"),
        ({"basis": "consent legitimate_interest"}, "basis_not_allowed"),
        ({"licence_id": None}, "licence_unclear"),
        ({"licence_id": "CC-BY-NC-4.0"}, "licence_not_allowed"),
        ({"jurisdiction": "US"}, "jurisdiction_not_allowed"),
    ],
)
def test_what_is_not_allowed_is_a_no(changes: dict[str, str | None], reason: str) -> None:
    from dataclasses import replace

    found = replace(WHOLE, terms=replace(WHOLE.terms, **changes))
    assert judge_consent(found, STRICT, TODAY) == (reason,)


def test_a_scope_that_is_declared_must_cover_shards_unless_settings_say_otherwise() -> None:
    only_train = Source(uri="a", name="a", terms=Terms(scope="train"))
    assert judge_consent(only_train, ConsentConfig(), TODAY) == ("scope_not_granted",)
    assert judge_consent(only_train, ConsentConfig(scopes=("train",)), TODAY) == ()


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("licences", ["CC BY 4.0"], "'CC BY 4.0' is no SPDX identifier"),
        ("licences", ["MIT OR CC0-1.0"], "no SPDX identifier"),
        ("jurisdictions", ["Germany"], "no code of ISO 3166-1"),
        ("scopes", ["all"], "consent.scopes.0"),
        ("bases", ["verbal"], "consent.bases.0"),
        ("columns", ["speaker_id"], "consent.columns.0"),
    ],
)
def test_a_policy_that_nothing_can_meet_is_refused(key: str, value: list[str], told: str) -> None:
    with pytest.raises(BadInputError, match=told):
        config_from({"consent": {key: value}}, "the tests")


def test_copies_are_used_on_the_narrowest_terms() -> None:
    one = Terms(scope="train publish generate", expires_on="2030-01-01", licence_id="MIT")
    other = Terms(scope="train publish", expires_on="2027-01-01", withdrawn_on="2028-01-01")
    nothing = Terms()
    assert narrowest([one, other, nothing]) == Terms(
        scope="train publish", expires_on="2027-01-01", withdrawn_on="2028-01-01", licence_id="MIT"
    )
    assert narrowest([nothing]) == nothing


def test_the_page_on_manifests_names_every_basis() -> None:
    page = (Path(__file__).parent.parent / "docs" / "manifests.md").read_text(encoding="utf-8")
    assert [word for word, meaning in BASES.items() if f"| `{word}` | {meaning} |" not in page] == []
