"""What pages in English say alike, from an account."""

from reports.account import Account, Turned
from reports.cells import Cell, count, number, share
from reports.languages.en import LANGUAGE as EN


def say(cell: Cell) -> str:
    """Return a value in words of English, as in the statement."""
    return EN.cell(cell)


def total(rows: tuple[Turned, ...]) -> str:
    """Return how many were turned down."""
    return say(count(sum(row.num for row in rows)))


def reached(account: Account) -> str:
    """Return how much of what was asked of balancing it did not reach."""
    if not account.is_balanced:
        return (
            "What balancing reached of what was asked for, and which groups are missing, is not known: clips "
            "were erased since, and nothing was balanced anew (package does it)."
        )
    missed = sum(not row["feasible"] for row in account.targets)
    return (
        f"{say(count(missed))} of {say(count(len(account.targets)))} shares and amounts asked of balancing "
        f"were not reached; {say(count(len(account.warnings)))} groups are missing or hardly ever drawn in "
        "training."
    )


def effective(account: Account) -> str | None:
    """Return what the training part is worth as drawn, None if it may not be said."""
    row = next((row for row in account.splits if row["split"] == "train"), None)
    if row is None or row["effective_clips"] is None:
        return None
    design = say(number(row["design_effect"]))
    return (
        f"As drawn, the training part is worth {say(number(row['effective_clips']))} clips of equal weight "
        f"(design effect {design})."
    )


def worst_rate(account: Account) -> str | None:
    """Return the finding least likely by chance, None if there is none."""
    row = next((row for row in account.effects if row["flagged"] and row["rate"] is not None), None)
    if row is None:
        return None
    of = say(Cell("group", row["attribute"], row["value"]))
    return (
        f"{EN.name_of(row['filter'])} turns down "
        f"{say(share(row['rate'], (row['rate_low'], row['rate_high'])))} of "
        f"{of} and {say(share(row['rest_rate']))} of the others."
    )
