"""What a run answers of a datasheet's questions: sentences and tables, by the question's name."""

from collections.abc import Callable, Mapping

from reports import evidence, reasons
from reports.account import Account
from reports.cells import count
from reports.datasheet_composition import COMPOSITION, Answer
from reports.english import reached, say, total
from reports.run_data import RunData
from schemas.stages import STAGES
from schemas.version import VERSION

# What the run answers in part: how the people were filmed, told and asked, it cannot know.
PARTLY = frozenset(
    ("sample", "confidential", "acquisition", "mechanisms", "consent", "revocation", "updates", "raw")
)


def _creators(run: RunData, account: Account) -> Answer:
    about = account.about
    if about.creators:
        yield f"Created by {', '.join(about.creators)}."
    if about.publisher:
        yield f"Published by {about.publisher}."


def _acquisition(run: RunData, account: Account) -> Answer:
    yield (
        "Pictures and sound are observed, taken from video files. Words, landmarks, bodies, identities and "
        "perceived "
        "attributes are inferred by models. Declared attributes are reported by whoever wrote the list of "
        "files."
    )


def _mechanisms(run: RunData, account: Account) -> Answer:
    yield (
        f"Files that were given to Mentor {VERSION}; how they were filmed, it does not know. Models that "
        "worked on them, "
        "with versions and hashes of weights, are in run.json and on the page of cost."
    )


def _sampling(run: RunData, account: Account) -> Answer:
    yield (
        "Deterministic: rules with thresholds, then caps, quotas and targets; the same input gives the "
        "same data."
    )
    yield evidence.targets_table(account) if account.is_balanced else reached(account)


def _consent(run: RunData, account: Account) -> Answer:
    yield (
        "As declared in the list of files; Mentor does not verify it. A file whose consent is not clearly "
        "a yes is never "
        "opened, nor is any copy of it."
    )
    yield from evidence.terms_tables(account)[1:]


def _revocation(run: RunData, account: Account) -> Answer:
    yield (
        "The publisher withdraws a file in the list (consent: withdrawn) and runs Mentor again: what was "
        "made of it is "
        "deleted and the next result lacks it. Mentor's loader leaves withdrawn clips out at once "
        "(exclusions.json). "
        "Copies that were passed on have to be recalled."
    )


def _preprocessing(run: RunData, account: Account) -> Answer:
    code = {recipe.stage: recipe.code_version for recipe in run.summary.recipes}
    for stage in STAGES:
        version = f" (code {code[stage.name]})" if stage.name in code else ""
        yield f"{reasons.title(stage.name)}{version}: {stage.sentence}."


def _refused(run: RunData, account: Account) -> Answer:
    failed = account.numbers.num_failures
    yield (
        f"{total(account.refused)} whole files, {total(account.spans)} spans of files and "
        f"{total(account.dropped)} clips were "
        f"turned down; {say(count(failed))} elements could not be processed. Each is in tables/rejections or "
        "tables/failures with its reason."
    )
    yield evidence.turned_table("refused", "files", account.refused)
    yield evidence.turned_table("dropped", "clips", account.dropped)
    yield evidence.turned_table("spans", "spans_number", account.spans)


def _raw(run: RunData, account: Account) -> Answer:
    yield (
        "Mentor changes and copies no source file. tables/lineage leads from each sample to its span of "
        "its file."
    )


def _software(run: RunData, account: Account) -> Answer:
    yield (
        f"Mentor {VERSION}, settings {run.summary.config_hash}; run.json holds all settings, versions of "
        "packages, and the "
        "code version, settings and weights of each stage."
    )


def _future_risks(run: RunData, account: Account) -> Answer:
    yield (
        f"{say(count(account.num_tests))} comparisons of a filter and a group were tested; "
        f"{say(count(account.num_flags))} show more than chance explains."
    )
    if account.effects:
        yield evidence.effects_table(account, most=10)
    yield (
        f"{reached(account)} Weights can be changed without a video (package); what is missing in the "
        "sources has to be collected."
    )


def _licence(run: RunData, account: Account) -> Answer:
    if account.about.licence:
        yield f"{account.about.licence}"
    yield "Licences of the sources, as declared:"
    yield evidence.terms_tables(account)[0]


def _contact(run: RunData, account: Account) -> Answer:
    if account.about.contact:
        yield account.about.contact


def _updates(run: RunData, account: Account) -> Answer:
    yield (
        "Running Mentor again with more, fewer or withdrawn files makes a new result; only what the change "
        "touches is "
        "done. `diff` says what came, went and changed between two results."
    )


ANSWERS: Mapping[str, Callable[[RunData, Account], Answer]] = {
    **COMPOSITION,
    "creators": _creators,
    "acquisition": _acquisition,
    "mechanisms": _mechanisms,
    "sampling": _sampling,
    "consent": _consent,
    "revocation": _revocation,
    "preprocessing": _preprocessing,
    "refused": _refused,
    "raw": _raw,
    "software": _software,
    "future_risks": _future_risks,
    "licence": _licence,
    "contact": _contact,
    "updates": _updates,
}
