"""What a run shows of each provision of Article 10: sentences and tables."""

from collections.abc import Iterator

from reports import evidence
from reports.account import Account
from reports.cells import Cell, Table, count, length, name, number, raw, share
from reports.english import effective, reached, say, total, worst_rate
from reports.languages.en import LANGUAGE as EN
from reports.reasons import rules_of
from reports.run_data import RunData
from schemas.stages import STAGES

# Names of attributes that are special categories of data by Article 9 GDPR, or from which one may follow.
_SPECIAL = (
    *("race", "ethnicity", "ethnic", "religion", "belief", "health", "disability", "orientation"),
    *("skin_tone", "politic", "union", "genetic", "biometric"),
)

Shown = Iterator[str | Table]


def choices(run: RunData, account: Account) -> Shown:
    """Return the settings and rules in force."""
    rules = [rule for rule in rules_of(run.summary.config) if rule.mode == "on"]
    yield (
        f"All settings are in run.json (hash {run.summary.config_hash}). {len(rules)} rules were in force; "
        "scores of all clips are "
        "kept, so a rule can be changed afterwards and its effect seen."
    )
    rows = tuple((name(rule.name), raw(rule.stage), raw(rule.bounds or "no bound")) for rule in rules)
    yield Table(title="rules", columns=("filter", "stage", "bounds"), rows=rows)


def origin(run: RunData, account: Account) -> Shown:
    """Return where the material is from, and what was refused."""
    numbers = account.numbers
    yield (
        f"{say(count(numbers.num_inputs))} files, {say(length(numbers.seconds_in))}. Licence and consent "
        "as declared in the "
        "list of files; a file whose consent is not clearly a yes is never opened. tables/lineage leads "
        "from each "
        "sample to its span of its file."
    )
    yield from evidence.terms_tables(account)
    yield evidence.turned_table("refused", "files", account.refused)


def preparation(run: RunData, account: Account) -> Shown:
    """Return what each stage does, by which code and models."""
    recipes = {recipe.stage: recipe for recipe in run.summary.recipes}
    rows = tuple(
        (
            name(stage.name),
            raw(stage.sentence),
            number(recipes[stage.name].code_version if stage.name in recipes else None),
            raw("; ".join(sorted(recipes[stage.name].models)) if stage.name in recipes else ""),
        )
        for stage in STAGES
    )
    yield (
        f"{total(account.refused)} whole files, {total(account.spans)} spans and {total(account.dropped)} "
        "clips were turned down, each "
        "with its reason. Labels that a model gave name the model; run.json has the hashes of its weights."
    )
    yield Table(title="stages", columns=("stage", "does", "code", "models"), rows=rows)


def assumptions(run: RunData, account: Account) -> Shown:
    """Return what labels are taken for, and declared beside perceived groups."""
    yield (
        "A clip is taken for speech of the visible person if lips and sound agree. A perceived attribute "
        "is taken for how "
        "a person is seen, not for who that person is; declared attributes take precedence. People are "
        "taken for one "
        "person by faces and voices within a distance that the settings name. Body parameters are fitted "
        "to one camera."
    )
    if account.compared:
        yield evidence.compared_table(account)


def quantity(run: RunData, account: Account) -> Shown:
    """Return how much there is, and what it is worth as drawn."""
    numbers = account.numbers
    yield (
        f"{say(count(numbers.num_accepted))} clips of {say(count(account.num_people))} people, "
        f"{say(length(numbers.seconds_accepted))}, out of {say(length(numbers.seconds_in))} of material."
    )
    if worth := effective(account):
        yield worth
    yield evidence.splits_table(account)


def bias(run: RunData, account: Account) -> Shown:
    """Return what filters do to groups, and what goes with what."""
    alpha = float(run.summary.config.get("bias", {}).get("alpha", 0.05))
    yield (
        f"{say(count(account.num_tests))} comparisons of a filter and a group, with people as units; the "
        "chance of any false "
        f"finding is {say(share(alpha))} (Holm). {say(count(account.num_flags))} show more than chance "
        "explains."
    )
    if worst := worst_rate(account):
        yield worst
    if account.effects:
        yield evidence.effects_table(account, most=15)
    strong = [
        m for m in account.metrics if m["metric"] == "cramers_v" and m["scope"] == "selected" and m["low"]
    ]
    strong = sorted((m for m in strong if m["low"] >= 0.1), key=lambda m: -m["result"])[:10]
    rows = tuple(
        (name(m["attribute"]), name(m["other"]), number(m["result"], (m["low"], m["high"]))) for m in strong
    )
    yield Table(title="associations", columns=("attribute", "with", "cramers_v"), rows=rows)


def measures(run: RunData, account: Account) -> Shown:
    """Return what balancing was asked and what it reached."""
    dropped = sum(row.num for row in account.balanced)
    yield (
        f"{say(count(dropped))} clips were left out by caps, quotas or targets of balancing; the others "
        "have sampling weights. "
        "Warnings name groups that training hardly ever or never draws."
    )
    yield evidence.targets_table(account) if account.is_balanced else reached(account)
    if worth := effective(account):
        yield worth


def gaps(run: RunData, account: Account) -> Shown:
    """Return what is missing."""
    yield (
        f"{reached(account)} The table under (g) says what is in the way. "
        f"{say(count(account.num_unused))} declarations about people could not be used. "
        f"{say(count(account.numbers.num_failures))} elements could not be processed."
    )
    rows = tuple(
        (name(row["split"]), Cell("group", row["attribute"], row["value"]), raw(row["advice"]))
        for row in account.warnings
    )
    yield Table(title="warnings", columns=("split", "group", "advice"), rows=rows)


def representative(run: RunData, account: Account) -> Shown:
    """Return the groups, and what they are measured against."""
    sources = sorted({row["source"] for row in account.shares if row["source"]})
    yield (
        f"Groups are compared with: {'; '.join(sources)} (page on who is in the data)."
        if sources
        else "No population of the intended use was given (bias.populations), so shares stand by themselves."
    )
    for attribute in account.attributes:
        yield evidence.group_table(account, attribute)


def setting(run: RunData, account: Account) -> Shown:
    """Return what is known of the setting."""
    told = [a for a in account.attributes if a in ("language", "setting", "clothing", "head_pose", "hands")]
    yield (
        f"Properties of the setting that were counted: {', '.join(EN.name_of(a).lower() for a in told)}."
        if told
        else "No property of the setting (language, room, clothing, pose) was counted."
    )
    for attribute in told:
        yield evidence.group_table(account, attribute)


def special(run: RunData, account: Account) -> Shown:
    """Return which special categories are counted, and the safeguards."""
    named = [a for a in account.attributes if any(word in a.lower() for word in _SPECIAL)]
    yield (
        "Attributes that may be, or reveal, special categories of personal data: "
        f"{', '.join(EN.name_of(a) for a in named)}. "
        "They are counted for the detection of bias."
        if named
        else "No attribute whose name says that it is a special category of personal data is counted."
    )
    least = run.summary.config.get("bias", {}).get("min_people", 5)
    yield (
        "Ethnic origin, religion, health and the like are never estimated. Descriptors of faces lie apart "
        "(biometric/), are "
        "not published and may be deleted at any time; speakers and references of consent are pseudonyms "
        "unless the "
        "settings publish them. "
        + (
            f"No number about fewer than {least} people is published."
            if least
            else "Small groups are not hidden."
        )
    )
