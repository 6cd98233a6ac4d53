"""What a page tells of one erasure, from its receipt, which holds nothing of what was erased."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports import formats
from reports.views import View, facts_view, list_view, table_view, text_view
from schemas.receipt import Erased, Receipt, Searched

_MOST_LEFT = 20
_FINGERPRINT_DIGITS = 16
NAMED_BY = {"source": "file", "speaker": "declared speaker", "identity": "recognised person", "clip": "clip"}
_COUNTS = (
    ("files", "file"),
    ("members_of_shards", "shard member"),
    ("sounds", "sound"),
    ("pictures_of_clips", "filmed clip"),
    ("faces", "face"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Filed:
    """A receipt as it lies in the folder: the name of its file, what it says (None: it is none), if it holds.

    `is_intact`: it is as its key signed it. `left` are places, and by what each is known, at which something
    of it was found when the folder was searched again, None where it was not. `models` say what became of
    those that learnt from what was erased: folder, words.
    """

    file: str
    says: Receipt | None
    is_intact: bool
    left: Sequence[tuple[str, str]] | None = None
    models: Sequence[tuple[str, str]] = ()

    @property
    def name(self) -> str:
        """What it is called on the page."""
        return _plain(self.file.removesuffix(".json"))


def erasure_parts(one: Filed, says: Receipt) -> Iterator[View]:
    """Yield what is told of one erasure."""
    yield facts_view(f"What was done in {one.name}", list(_answers(one, says)))
    if one.left:
        rows = [(_plain(place), _plain(by)) for place, by in one.left]
        yield table_view(f"Found again of {one.name}", ("Where", "By"), rows, most=_MOST_LEFT)
    if says.models:
        yield from _models(one, says)
    yield text_view("What this erasure could not reach:")
    yield list_view([_plain(item) for item in says.not_erased])


def _models(one: Filed, says: Receipt) -> Iterator[View]:
    states = dict(one.models)
    rows = [
        (
            _plain(model.folder),
            formats.count(model.num_samples) if model.known else "not known: no data card",
            states.get(model.folder, formats.MISSING),
        )
        for model in says.models
    ]
    columns = ("Model", "Clips it learnt from", "What became of it")
    yield table_view(f"Models that learnt from what went in {one.name}", columns, rows)
    yield text_view("Erasing takes nothing out of a network: train it anew without the clips, or delete it.")


def _answers(one: Filed, says: Receipt) -> Iterator[tuple[str, str]]:
    yield "When", f"begun {day_told(says.begun)}, ended {day_told(says.ended)}"
    yield "Why", why_told(says)
    yield "How it was named", f"as a {NAMED_BY[says.request.by]}; the name is kept as a keyed hash alone"
    yield "What went", _went(says.erased)
    yield "Results", f"{_plain(says.results.before)} before, {_plain(says.results.after)} after"
    yield "Files of the result that changed", formats.count(len(says.files))
    yield "What was searched in the end", _searched(says.search)
    yield "What was left then", _left(says.search.left)
    if one.left is not None:
        yield "What is left now", _left(len(one.left))
    yield "Receipt", f"erasures/{_plain(one.file)}: {_signature(one, says)}"


def _went(erased: Erased) -> str:
    clips = f"{formats.plural(erased.clips, 'clip')}, {formats.count(erased.accepted_clips)} of them accepted"
    in_part = formats.plural(erased.videos_in_part, "other file")
    part = f", parts of {in_part}" if erased.videos_in_part else ""
    size = f"{formats.number(erased.artefact_bytes / 1e6)} MB"
    return f"{clips}; {formats.plural(erased.sources, 'whole file')}{part}; artefacts of {size}"


def _signature(one: Filed, says: Receipt) -> str:
    if not one.is_intact:
        return "CHANGED since it was signed, or signed by nobody"
    digest = hashlib.sha256(says.public_key.encode()).hexdigest()[:_FINGERPRINT_DIGITS]
    if says.signer == "own":
        return f"as it was signed, with a key of yours (SHA-256 of its public_key: {digest}...)"
    return "as it was signed, with a key that was made in the folder, for which nobody vouches"


def _searched(search: Searched) -> str:
    counts = [(getattr(search, name), noun) for name, noun in _COUNTS]
    told = [", ".join(formats.plural(number, noun) for number, noun in counts if number)]
    if search.nearest_face is not None:
        told.append(f"the nearest face left is at {search.nearest_face:.2f}")
    if near := search.faces_within_merging_distance:
        told.append(f"{formats.plural(near, 'face')} left may be of the same person")
    return "; ".join(told)


def _left(number: int) -> str:
    return "nothing" if number == 0 else f"{formats.plural(number, 'place')} held something"


def why_told(says: Receipt) -> str:
    """Return the reason as it was given."""
    return formats.prose(says.request.reason, 300) or "not said"


def day_told(moment: str) -> str:
    """Return a moment (ISO 8601, UTC) to the minute."""
    return f"{_plain(moment[:16].replace('T', ' '))} UTC"


def _plain(text: str) -> str:
    return formats.printable(text, 200)
