"""Erasing from the rooms of a run folder that are no result: artefacts, faces, drawings, models, notes."""

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pipelines.erase.journal import Journal
from pipelines.erase.plan import ErasePlan
from pipelines.erase.traces import doomed_files, kept_artefacts
from pipelines.erased_spans import strip_survey
from pipelines.identity_merges import forget_in_merges
from pipelines.identity_registry import forget_in_registry
from pipelines.recipes import source_owner
from pipelines.run_folder import RunFolder
from schemas.data_card import DATA_CARD, card_of_json, card_to_json
from schemas.exclusions import veiled_key
from schemas.layout import MERGES, MODELS, REGISTRY
from schemas.outcomes import BadInputError
from schemas.plain import from_plain
from schemas.records.source import Source
from transforms.storage import (
    TEMPORARY,
    delete_tree,
    join,
    list_files,
    list_folder,
    read_bytes,
    read_if_there,
    write_bytes,
)

# What a training draws of clips, beside its checkpoints: the next time that it draws it makes these anew.
_DRAWN = (".html", ".png", ".jpg", ".mp4", ".gif")


def with_places(plan: ErasePlan, folder: RunFolder) -> ErasePlan:
    """Return a plan that knows all places where its videos were found, and how long the files are."""
    names, videos = set(plan.source_names), set(plan.video_ids)
    owners = {source_owner(source) for source in _declared(folder) if source.name in names}
    sizes = dict(zip(plan.video_ids, plan.sizes, strict=True))
    for owner, video_id, size in folder.store.probes():
        if video_id in videos:
            owners.add(owner)
            sizes[video_id] = size
    return dataclasses.replace(
        plan, owners=tuple(sorted(owners)), sizes=tuple(sizes[video] for video in plan.video_ids)
    )


def _declared(folder: RunFolder) -> Iterator[Source]:
    for plain in (folder.last_run() or {}).get("sources", ()):
        try:
            yield from_plain(Source, plain)
        except (KeyError, TypeError, AttributeError):  # of another version
            continue


def num_bytes_that_go(folder: RunFolder, plan: ErasePlan) -> int:
    """Return how many bytes of artefacts a plan takes away."""
    kept = kept_artefacts(folder.finished(), plan)
    return sum(size for _, size in doomed_files(folder.store, plan, kept))


def clear_rooms(folder: RunFolder, journal: Journal) -> Journal:
    """Delete what goes from all rooms but the results; returns the journal with the models that were found.

    Every step may be done twice: a second call does what a killed one left.
    """
    plan, store = journal.plan, folder.store
    current = folder.finished()
    kept = kept_artefacts(current, plan)
    for video, stays in kept.items():
        for artefact in stays:
            if artefact.stage == "survey":
                strip_survey(store, video, artefact, plan.spans_of(video))
        store.forget_others(video, stays)
    for owner in (*plan.video_ids, *plan.owners):
        store.forget(owner)
    forget_in_merges(join(folder.biometric, MERGES), plan.clip_ids)
    forget_in_registry(join(folder.biometric, REGISTRY), plan.clip_ids)
    folder.forget_clips(plan.clip_ids)
    forget_declared(folder, plan)
    models = tuple(learnt(folder, plan.clip_ids, journal.receipt_id)) or journal.models
    return dataclasses.replace(journal, cleared=True, models=models)


def forget_declared(folder: RunFolder, plan: ErasePlan) -> None:
    """Take sources that go, and people of whom nothing is left, out of what the last run was told."""
    last = folder.last_run()
    if last is None:
        return
    names, words = set(plan.source_names), set(plan.speaker_words)
    sources = [s for s in last["sources"] if s.get("name") not in names]
    said: Mapping[str, Mapping[str, str]] = last.get("pseudonyms", {})
    pseudonyms: dict[str, Any] = {}
    for field, known in said.items():
        used = {source.get(field) for source in sources}
        pseudonyms[field] = {v: told for v, told in known.items() if v in used and v not in words}
    folder.remember({**last, "sources": sources, "pseudonyms": pseudonyms})


def learnt(folder: RunFolder, clip_ids: Collection[str], receipt_id: str) -> Iterator[tuple[str, int | None]]:
    """Yield the models below a run folder that learnt from clips, with how many; None where no card tells.

    Their cards are told of the erasure, and lose the clips; pages that may show them are deleted.
    """
    veiled = {veiled_key(clip) for clip in clip_ids}
    for name in list_folder(join(folder.root, MODELS)):
        place = join(folder.root, MODELS, name)
        for path, _ in list(list_files(place)):
            # A card's own is what a kill left of writing it; others may be a training's.
            is_leftover = path.endswith(TEMPORARY) and path.rsplit("/", 1)[-1].startswith(f"{DATA_CARD}.")
            if path.endswith(_DRAWN) or is_leftover:
                delete_tree(path)
        files = [path for path, _ in list_files(place)]
        if not any(path.endswith(".safetensors") for path in files):
            continue
        data = read_if_there(join(place, DATA_CARD))
        number = None if data is None else _told(place, data, veiled, receipt_id)
        if number != 0:
            yield f"{MODELS}/{name}", number


def _told(place: str, data: bytes, veiled: Collection[str], receipt_id: str) -> int | None:
    """Tell a model's card of an erasure; returns of how many samples, also if an earlier call did it."""
    path = join(place, DATA_CARD)
    try:
        card = card_of_json(data, path).without(veiled, receipt_id)
    except BadInputError:
        return None
    if (changed := card_to_json(card)) != read_bytes(path):
        write_bytes(path, changed)
    known = sum(e.num_samples for e in card.erased if e.receipt_id == receipt_id)
    return None if card.start_without_card and not known else known
