"""What stages made and no result names any more: of other settings, of removed videos, of older code."""

from dataclasses import dataclass

from pipelines.recipes import source_owner
from pipelines.run_folder import RunFolder
from schemas.layout import ARTEFACTS, BIOMETRIC
from schemas.plain import from_plain
from schemas.records.source import Source
from transforms.storage import delete_tree, join, list_files


@dataclass(frozen=True, kw_only=True, slots=True)
class Unnamed:
    """Folders of artefacts that no result names."""

    folders: tuple[str, ...]
    num_artefacts: int
    num_bytes: int


def find_unnamed(folder: RunFolder) -> Unnamed:
    """Return what may be removed without changing any result, or what the next run has to do.

    Raises:
        BadInputError: if the folder holds no finished run.
    """
    named = _named(folder)
    folders: dict[str, int] = {}
    artefacts: set[str] = set()
    for room in (ARTEFACTS, BIOMETRIC):
        root = join(folder.root, room)
        for path, size in list_files(root):
            below = path.removeprefix(root).strip("/").split("/")
            if len(below) != 4:  # the register of identities, what made them
                continue
            _, owner, artefact, _ = below
            if (owner, artefact) not in named and (owner, artefact.rpartition("-")[0]) not in named:
                place = join(root, *below[:3])
                folders[place] = folders.get(place, 0) + size
                artefacts.add(f"{owner}/{artefact}")
    return Unnamed(folders=tuple(folders), num_artefacts=len(artefacts), num_bytes=sum(folders.values()))


def _named(folder: RunFolder) -> set[tuple[str, str]]:
    """Return owner and artefact of all that the current result names; of sources the stage alone.

    What a probe found is named by the file's state then, which the result does not tell: it is kept for the
    sources of the last run.
    """
    result = folder.finished()
    named: set[tuple[str, str]] = set()
    for table in ("videos", "clips"):
        whole = ["piece_of_artefacts"] if table == "clips" else []
        rows = result.read_table(table, ["video_id", "artefacts", *whole]).to_pylist()
        made = [(r["video_id"], a) for r in rows for name in ("artefacts", *whole) for a in r[name]]
        named |= {(owner, f"{a['stage']}-{a['artefact_id']}") for owner, a in made}
    last = folder.last_run() or {"sources": ()}
    try:
        sources = [from_plain(Source, source) for source in last["sources"]]
    except (KeyError, TypeError, AttributeError):  # of another version: the next run probes again
        sources = []
    return named | {(source_owner(source), "probe") for source in sources}


def remove(unnamed: Unnamed) -> None:
    """Remove what `find_unnamed` found."""
    for place in unnamed.folders:
        delete_tree(place)
