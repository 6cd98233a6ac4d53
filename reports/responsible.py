"""The fields of Croissant's RAI vocabulary 1.0, from a run's numbers.

https://docs.mlcommons.org/croissant/docs/croissant-rai-spec.html
"""

from typing import Any

from reports import formats, reasons
from reports.account import Account, Part, Row, Turned
from reports.run_data import RunData
from schemas.bias import TOGETHER
from schemas.groups import NOT_MEASURED, UNKNOWN
from schemas.run import BackendInfo
from schemas.stages import STAGES

_MOST = 40
_NO_GROUPS = (UNKNOWN, NOT_MEASURED, TOGETHER)


def rai_fields(run: RunData, account: Account) -> dict[str, Any]:
    """Return the fields with their values; what a run cannot know is there only if the publisher said it."""
    answers = account.about.answers
    told: dict[str, Any] = {
        "dataCollection": answers.get("mechanisms") or _collection(account),
        "dataCollectionRawData": _raw(account),
        "dataCollectionMissingData": _missing(account),
        "dataCollectionTimeframe": None,  # files do not say when they were filmed
        "dataPreprocessingProtocol": [f"{s.name}: {s.sentence}" for s in STAGES],
        "dataManipulationProtocol": _balance(account),
        "dataImputationProtocol": "No value is made up. Where a part of the body was not seen, fitted "
        "parameters are held by priors and neighbouring frames, and valid:* says so frame by frame.",
        "dataAnnotationProtocol": "Words, landmarks, bodies, perceived attributes and identities are machine "
        "annotations; declared labels come from the manifest and go first. Each label names its source.",
        "machineAnnotationTools": [_tool(b) for b in run.summary.backends if b.available],
        "annotationsPerItem": "No human labels but those that the manifest declares of a file",
        "personalSensitiveInformation": _personal(account),
        "dataBiases": _biases(account),
        "dataLimitations": _limitations(account),
        "dataUseCases": [answers[n] for n in ("purpose", "tasks", "not_for") if n in answers],
        "dataSocialImpact": answers.get("impact"),
        "dataReleaseMaintenancePlan": answers.get("updates"),
    }
    return {f"rai:{name}": value for name, value in told.items() if value}


def _part_name(part: Part) -> str:
    """Return what a part is called: what was declared, that nothing was, or that it is several."""
    return "; ".join(formats.prose(name, 200) or "nothing declared" for name in part.names[:_MOST])


def _collection(account: Account) -> str:
    numbers = account.numbers
    return (
        f"{numbers.num_inputs} files were given to Mentor by whoever ran it; {numbers.num_videos} were "
        f"readable videos, {formats.duration(numbers.seconds_in)} in all. How they came to be filmed, only "
        "the publisher knows."
    )


def _raw(account: Account) -> str:
    parts = "; ".join(
        f"{_part_name(part)}: {part.num_sources} files, {part.num_clips} clips" for part in account.licences
    )
    return f"Video files, which are no part of the data set. By licence as declared: {parts or 'none'}"


def _missing(account: Account) -> str:
    return (
        f"{_of(account.refused)} whole files, {_of(account.spans)} spans and {_of(account.dropped)} clips "
        "were turned down, each with its reason in tables/rejections; "
        f"{account.numbers.num_failures} elements could not be processed (tables/failures). Frames on which "
        "a part was not seen are marked by valid:*."
    )


def _of(rows: tuple[Turned, ...]) -> int:
    return sum(row.num for row in rows)


def _balance(account: Account) -> str | None:
    if not account.splits:
        return None
    worth = [
        f"{row['split']}: {row['num_clips']} clips of {row['num_people']} people"
        + (
            ""
            if row["effective_clips"] is None
            else f", as drawn worth {row['effective_clips']:.1f} of equal weight"
        )
        for row in account.splits
    ]
    said = (
        "tables/balance_targets says what was asked and what was reached."
        if account.is_balanced
        else "Clips were erased since, and nothing was balanced anew: what was reached is not known."
    )
    return (
        f"{_of(account.balanced)} clips were left out by balancing; the others have sampling weights. "
        f"{'; '.join(worth)}. {said}"
    )


def _tool(backend: BackendInfo) -> str:
    weights = f", weights SHA-256 {backend.weights_sha256}" if backend.weights_sha256 else ""
    return f"{backend.name} {backend.version or ''}: {backend.purpose}{weights}"


def _personal(account: Account) -> list[str]:
    told = [
        "Faces, voices, bodies and words of people are what the samples show; people can be recognised.",
        "Descriptors of faces are not published; identities are salted hashes.",
    ]
    named = [reasons.title(name).lower() for name in account.attributes]
    if named:
        told.append(f"Attributes of people, declared or perceived by a model: {', '.join(named)}.")
    consent = "; ".join(f"{_part_name(part)}: {part.num_clips} clips" for part in account.consents)
    return [*told, f"Consent as declared in the manifest: {consent}."] if consent else told


def _biases(account: Account) -> list[str]:
    told = [_share(row) for row in account.groups if _is_shown(row)]
    flagged = [_effect(row) for row in account.effects if row["flagged"]]
    tested = (
        f"{account.num_tests} comparisons of a filter and a group were tested; {account.num_flags} show more "
        "than chance explains."
    )
    return [*told[:_MOST], tested, *flagged[:_MOST]]


def _is_shown(row: Row) -> bool:
    known = row["share"] is not None and row["value"] not in _NO_GROUPS
    return row["scope"] == "selected" and known and not row["suppressed"]


def _share(row: Row) -> str:
    people = "" if row["num_people"] is None else f", {formats.plural(row['num_people'], 'person')}"
    return (
        f"{reasons.title(row['attribute'])} {formats.printable(row['value'], 60)}: "
        f"{formats.percent(row['share'], 1)} of the clips whose group is known{people}."
    )


def _effect(row: Row) -> str:
    unit = "clips" if row["level"] == "clip" else "videos"
    said = f"{reasons.title(row['filter'])} takes more of {reasons.title(row['attribute'])} "
    said += formats.printable(row["value"], 60)
    if row["rate"] is None:
        return f"{said}; too few people are left to show how much."
    return (
        f"{said}: {formats.percent(row['rate'], 1)} of its {unit} "
        f"(95 % interval {formats.percent(row['rate_low'], 1)} to {formats.percent(row['rate_high'], 1)}), "
        f"{formats.percent(row['rest_rate'], 1)} of the others'."
    )


def _limitations(account: Account) -> list[str]:
    told = [
        "Perceived attributes are how a model sees people, not who they are; estimators err, and err more "
        "often for some groups. Nobody's ethnicity is estimated.",
        "Filters measure with models that err: what was turned down is not bad, and what stayed is not "
        "proven good.",
        "Bodies are fitted to single cameras: depth and what is out of the picture are guessed.",
    ]
    for attribute in account.attributes:
        unknown = [
            row["num_clips"] or 0
            for row in account.groups
            if (row["attribute"], row["scope"]) == (attribute, "selected") and row["value"] in _NO_GROUPS[:2]
        ]
        if sum(unknown):
            told.append(f"{reasons.title(attribute)} is not known of {sum(unknown)} clips of the data set.")
    told += [f"{reasons.title(r['attribute'])} {formats.printable(r['value'], 60)}: {_warned(r)}."
             for r in account.warnings[:_MOST]]  # fmt: skip
    return told


def _warned(row: Row) -> str:
    said = "nobody in" if row["problem"] == "absent" else "hardly ever drawn from"
    return f"{said} the split {row['split']}"
