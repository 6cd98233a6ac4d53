"""How far an erasure has come, in `OUT/work/erasure/`, until it is done and the folder goes.

The journal names what goes, for it must be found again after a kill; it is private, and goes when all is
done.
"""

import dataclasses
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.erase.plan import ErasePlan
from pipelines.run_folder import RunFolder
from schemas.outcomes import BadInputError
from schemas.plain import from_plain, to_plain
from schemas.sample import to_json_bytes
from transforms.storage import delete_tree, join, read_if_there, write_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """An erasure that was begun.

    `before` is the result that holds what goes; another current one does not have it any more. `models` are
    folders of models, with the number of erased samples they learnt from, None where that is not known;
    `num_bytes` of artefacts go.
    """

    plan: ErasePlan
    receipt_id: str
    begun: str
    before: str
    num_accepted: int
    cleared: bool = False
    models: tuple[tuple[str, int | None], ...] = ()
    num_bytes: int = 0


def new_journal(plan: ErasePlan, before: str, num_accepted: int, num_bytes: int) -> Journal:
    """Return the journal of an erasure that begins now; see `Journal` for the arguments."""
    now = datetime.now(UTC)
    return Journal(
        plan=plan,
        receipt_id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        begun=now.isoformat(timespec="seconds"),
        before=before,
        num_accepted=num_accepted,
        num_bytes=num_bytes,
    )


def note(folder: RunFolder, name: str) -> str:
    """Return where an erasure notes something until it is done."""
    return join(folder.erasures.notes, name)


def read_journal(folder: RunFolder) -> Journal | None:
    """Return the erasure that was begun in a run folder, None if there is none.

    Raises:
        BadInputError: if its journal is damaged.
    """
    data = read_if_there(folder.erasures.journal)
    if data is None:
        return None
    try:
        plain = json.loads(data)
        models = tuple((str(place), number) for place, number in plain.pop("models"))
        return dataclasses.replace(from_plain(Journal, {**plain, "models": ()}), models=models)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(
            f"{folder.erasures.journal}: damaged ({error}); delete {folder.erasures.notes} and erase again"
        ) from error


def write_journal(folder: RunFolder, journal: Journal) -> Journal:
    """Keep a journal; returns it."""
    write_bytes(folder.erasures.journal, to_json_bytes(to_plain(journal)))
    return journal


def close_journal(folder: RunFolder) -> None:
    """End an erasure: without its journal it is over, and whoever writes next deletes what is left of it."""
    delete_tree(folder.erasures.journal)
    delete_tree(folder.erasures.notes)
