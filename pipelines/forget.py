"""Forgetting: what was made of a source is deleted, wherever it is below the run folder.

Results are not changed: the next one does not have the source, and takes the place of the last. Until
then, and in copies, loaders leave its clips out (`pipelines/exclusions.py`).
"""

from collections.abc import Collection, Iterable, Iterator

from pipelines.identity_merges import forget_in_merges
from pipelines.identity_registry import forget_in_registry
from pipelines.recipes import source_owner
from pipelines.run_folder import RunFolder
from schemas.layout import MERGES, REGISTRY
from schemas.records.source import Source
from transforms.storage import join


def forget_sources(folder: RunFolder, sources: Iterable[Source], video_ids: Collection[str] = ()) -> int:
    """Delete all that was made of sources and of the videos that were found there; returns the bytes.

    The files themselves are not looked at: what they were is known from what their probe left.

    Args:
        video_ids: contents that are to go wherever they were found.
    """
    store, gone, sources = folder.store, 0, list(sources)
    # First: the last result holds the clips until the next one takes its place.
    folder.exclusions.add(_published_clips(folder, {source.name for source in sources}, set(video_ids)))
    for video_id in video_ids:
        gone += _forget_video(folder, video_id)
    for source in sources:
        place = source_owner(source)
        # What leads to the rest goes last: if this is cut short, the next run finds it all again.
        for video_id in {v for record in store.records_of(place, "probe") for v in _video_ids(record)}:
            gone += _forget_video(folder, video_id)
        gone += store.forget(place)
    return gone


def _forget_video(folder: RunFolder, video_id: str) -> int:
    surveys = folder.store.records_of(video_id, "survey")
    if clips := [clip["clip_id"] for record in surveys for clip in record.get("clips", ())]:
        folder.exclusions.add(clips)
        folder.forget_clips(clips)
        forget_in_merges(join(folder.biometric, MERGES), clips)
        forget_in_registry(join(folder.biometric, REGISTRY), clips)
    return folder.store.forget(video_id)


def _published_clips(folder: RunFolder, names: set[str], video_ids: set[str]) -> Iterator[str]:
    """Yield the clips of sources or videos in the current result: what else knows them may be gone."""
    current = folder.current() if names or video_ids else None
    if current is None or not current.table_files("clips"):
        return
    for row in current.read_table("clips", ["clip_id", "video_id", "source_name"]).to_pylist():
        if row["source_name"] in names or row["video_id"] in video_ids:
            yield row["clip_id"]


def _video_ids(record: dict) -> Iterator[str]:
    for video in record.get("videos", ()):
        yield video["video_id"]
    for rejection in record.get("rejections", ()):
        if rejection.get("video_id"):
            yield rejection["video_id"]
