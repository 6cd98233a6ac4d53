"""The statement of what the balance did: a page that a lawyer or a reviewer can read, in several languages.

What it says is put together once, from the account of a run and as sentences by key (`reports.cells`); a
language only tells it. So all languages have the same numbers, which are those of the other pages.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports import evidence
from reports.account import Account, Row
from reports.cells import Cell, Said, Section, Table, count, length, name, number, raw, said, share
from reports.document import BIAS, DATASHEET, GOVERNANCE, document, link
from reports.language import Language
from reports.languages import LANGUAGES
from reports.run_data import RunData
from reports.told import told_sections
from schemas.groups import NOT_MEASURED, UNKNOWN
from schemas.version import VERSION

_CAPS = ("max_clips_per_person", "max_seconds_per_person", "max_clips_per_source", "max_seconds_per_source")
_LIMITS = (
    *("perceived", "estimators", "people", "holm", "why", "weights", "persons_linked", "legal"),
    "outside",
)


def file_name(language: Language) -> str:
    """Return the name of the statement's page in a language."""
    return f"statement.{language.code}.html"


def statement_pages(run: RunData, account: Account) -> dict[str, bytes]:
    """Return the statement in all languages, as bytes by file name."""
    sections = statement(run, account)
    return {file_name(language): _page(run, account, sections, language) for language in LANGUAGES}


def _page(run: RunData, account: Account, sections: Sequence[Section], language: Language) -> bytes:
    others = [link(one.name, file_name(one), one.code, here=one.code == language.code) for one in LANGUAGES]
    pages = ((BIAS, "page_bias"), (DATASHEET, "page_datasheet"), (GOVERNANCE, "page_governance"))
    own = language.code
    links = [
        {"label": language.word("other_languages"), "links": others},
        {
            "label": language.word("other_pages"),
            "links": [link(language.word(key), page, own) for page, key in pages],
        },
    ]
    return document(
        language,
        title=language.word("title"),
        lead=language.word("lead"),
        subject=account.about.name or run.summary.config_hash,
        sections=told_sections(sections, language),
        links=links,
        footer="",
    )


def statement(run: RunData, account: Account) -> tuple[Section, ...]:
    """Return what the statement says, section by section."""
    return (
        Section(key="what", parts=tuple(_what(run, account))),
        Section(key="sources", parts=tuple(_sources(run, account))),
        Section(key="population", parts=tuple(_population(account))),
        Section(key="filters", parts=tuple(_filters(run, account))),
        Section(key="asked", parts=tuple(_asked(run.summary.config.get("balance", {})))),
        Section(key="reached", parts=tuple(_reached(account))),
        Section(key="dropped", parts=tuple(_dropped(account))),
        Section(key="unmeasured", parts=tuple(_unmeasured(run, account))),
        Section(key="limits", parts=(tuple(Said(f"limits.{key}") for key in _LIMITS), _hidden(run))),
        Section(key="check", parts=(Said("check.how"), Said("check.tables"), Said("check.more"))),
    )


def _what(run: RunData, account: Account) -> Iterator[Said | Table]:
    yield Said("what.generated", {"version": raw(VERSION)})
    about = account.about
    told = {
        "dataset": raw(about.name) if about.name else said("not_named"),
        "publisher": raw(about.publisher) if about.publisher else said("not_named"),
        "settings": raw(run.summary.config_hash),
        "fingerprint": raw(account.fingerprint),
    }
    rows = tuple((said(key), value) for key, value in told.items())
    yield Table(title="identity", columns=("field", "value"), rows=rows)


def _sources(run: RunData, account: Account) -> Iterator[Said | Table]:
    numbers = account.numbers
    yield Said(
        "sources.files",
        {
            "files": count(numbers.num_inputs),
            "videos": count(numbers.num_videos),
            "length": length(numbers.seconds_in),
        },
    )
    if numbers.num_failures:
        yield Said("sources.failed", {"failed": count(numbers.num_failures)})
    if run.summary.consent_day:
        yield Said("sources.day", {"day": raw(run.summary.consent_day)})
    if account.licences:
        yield Said("sources.declared")
        yield from evidence.terms_tables(account)
    refused = sum(row.num for row in account.refused)
    if not refused:
        yield Said("sources.none_refused")
        return
    yield Said("sources.refused", {"files": count(refused)})
    yield evidence.turned_table("refused", "files", account.refused)


def _population(account: Account) -> Iterator[Said | Table]:
    numbers = account.numbers
    yield Said(
        "population.size",
        {
            "clips": count(numbers.num_accepted),
            "people": count(account.num_people),
            "length": length(numbers.seconds_accepted),
        },
    )
    yield Said("population.labels")
    for attribute in account.attributes:
        yield evidence.group_table(account, attribute)
    if not account.attributes:
        yield Said("population.none")
    sources = sorted({row["source"] for row in account.shares if row["source"]})
    for source in sources:
        yield Said("population.measured", {"source": raw(source)})
    if account.compared:
        yield Said("population.compared")
        yield evidence.compared_table(account)


def _filters(run: RunData, account: Account) -> Iterator[Said | Table]:
    if not account.num_tests:
        yield Said("filters.none")
        return
    alpha = float(run.summary.config.get("bias", {}).get("alpha", 0.05))
    places = {"tests": count(account.num_tests), "flags": count(account.num_flags), "alpha": share(alpha)}
    yield Said("filters.tested", places)
    yield Said("filters.found" if account.num_flags else "filters.nothing_found", places)
    yield evidence.effects_table(account)


def _asked(balance: Mapping[str, Any]) -> Iterator[Said | tuple[Said, ...] | Table]:
    caps = [
        Said(f"asked.{cap}", {"n": (length if "seconds" in cap else count)(balance[cap])})
        for cap in _CAPS
        if balance.get(cap) is not None
    ]
    rows = [*_wanted_shares(balance.get("targets", ())), *_wanted_amounts(balance.get("quotas", ()))]
    if not caps and not rows:
        yield Said("asked.nothing")
        return
    if caps:
        yield tuple(caps)
    if rows:
        yield Said("asked.wanted")
        yield Table(title="asked", columns=("target", "wanted"), rows=tuple(rows))
    if balance.get("targets"):
        method = balance.get("method", "weight")
        yield Said(f"asked.method_{method}")
        weights = {"low": number(balance.get("min_weight")), "high": number(balance.get("max_weight"))}
        yield Said("asked.weights", weights)


def _wanted_shares(targets: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Cell, ...]]:
    for target in targets:
        joint = "|".join(target["attributes"])
        if not target.get("shares"):
            yield Cell("group", joint, ""), said("equal_shares")
        for value, wanted in sorted((target.get("shares") or {}).items()):
            yield Cell("group", joint, value), share(wanted)
        if target.get("others") == "drop":
            yield Cell("group", joint, ""), said("others_drop")


def _wanted_amounts(quotas: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Cell, ...]]:
    for quota in quotas:
        group = "|".join(f"{key}={value}" for key, value in quota["where"].items())
        for bound in ("max", "min"):
            for unit, told in (("clips", count), ("seconds", length)):
                if quota.get(f"{bound}_{unit}") is not None:
                    yield Cell("quota", bound, group), told(quota[f"{bound}_{unit}"])


def _reached(account: Account) -> Iterator[Said | Table]:
    if account.targets:
        missed = sum(not row["feasible"] for row in account.targets)
        places = {"missed": count(missed), "asked": count(len(account.targets))}
        yield Said("reached.missed" if missed else "reached.all", places)
        yield evidence.targets_table(account)
    else:
        yield Said("reached.nothing" if account.is_balanced else "reached.erased")
    if account.splits:
        yield Said("reached.worth")
        yield evidence.splits_table(account)


def _dropped(account: Account) -> Iterator[Said | Table]:
    gone = sum(row.num for row in account.dropped)
    places = {
        "dropped": count(gone),
        "clips": count(account.numbers.num_clips),
        "balanced": count(sum(row.num for row in account.balanced)),
    }
    yield Said("dropped.clips" if gone else "dropped.none", places)
    if gone:
        yield evidence.turned_table("dropped", "clips", account.dropped)
    groups = evidence.dropped_groups_table(account)
    if groups.rows:
        yield Said("dropped.groups")
        yield groups
    spans = sum(row.num for row in account.spans)
    if spans:
        yield Said("dropped.spans", {"spans": count(spans)})
        yield evidence.turned_table("spans", "spans_number", account.spans)


def _unmeasured(run: RunData, account: Account) -> Iterator[Said | tuple[Said, ...] | Table]:
    yield Said("unmeasured.never")
    rows = tuple(_unknown(account.groups, attribute) for attribute in account.attributes)
    if rows:
        yield Table(title="unknown", columns=("attribute", "known", "unknown", "not_measured"), rows=rows)
    if account.num_unused:
        yield Said("unmeasured.unused", {"cells": count(account.num_unused)})
    missing = [b for b in run.summary.backends if not b.available]
    if missing:
        yield tuple(
            Said("unmeasured.tool", {"tool": raw(b.name), "purpose": raw(b.purpose)}) for b in missing
        )
    if account.warnings:
        yield Said("unmeasured.warned")
        yield Table(
            title="warnings",
            columns=("split", "group", "problem"),
            rows=tuple(map(_warning, account.warnings[: evidence.MAX_ROWS])),
        )


def _unknown(groups: Sequence[Row], attribute: str) -> tuple[Cell, ...]:
    own = [r for r in groups if (r["attribute"], r["scope"]) == (attribute, "selected")]
    numbers = {value: [r for r in own if r["value"] == value] for value in (UNKNOWN, NOT_MEASURED)}
    known = [r for r in own if r["value"] not in numbers and r["num_clips"] is not None]
    return (
        name(attribute),
        count(sum(r["num_clips"] for r in known)),
        *(_number(rows) for rows in numbers.values()),
    )


def _number(rows: Sequence[Row]) -> Cell:
    if any(row["suppressed"] for row in rows):
        return said("hidden")
    return count(sum(row["num_clips"] or 0 for row in rows))


def _warning(row: Row) -> tuple[Cell, ...]:
    group = Cell("group", row["attribute"], row["value"])
    return name(row["split"]), group, said(f"problem_{row['problem']}")


def _hidden(run: RunData) -> Said:
    least = run.summary.config.get("bias", {}).get("min_people", 5)
    return Said("limits.hidden", {"least": count(least)}) if least else Said("limits.nothing_hidden")
