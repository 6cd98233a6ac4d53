"""Reading windows of samples; what cannot be used is noted, what must not be read is not."""

import datetime
import logging
from collections.abc import Callable, Mapping

import numpy as np

from models.data.catalogue import Catalogue, until_of
from models.data.config import WindowConfig
from models.data.decode import Span, decode_window, parts_wanted, read_about
from models.data.draws import Choice
from models.data.exclude import Exclusions
from models.data.places import base_name
from models.data.records import BadSampleError, Skipped, Window
from models.data.samples import name_of, read_parts, shard_of
from schemas.outcomes import BadInputError

_LOG = logging.getLogger(__name__)
Choose = Callable[[int], Choice]
"""The window in a clip of so many frames."""
Clock = Callable[[], datetime.date]
"""Tells which day it is."""


class _EndedError(Exception):
    """A sample's JSON says that its consent holds no more."""


class SampleReader:
    """Reads samples of a catalogue; `skipped` holds the bad ones by shard and key.

    `ended` holds those whose consent held no more when they were to be read, by the clock.
    """

    def __init__(
        self, catalogue: Catalogue, exclusions: Exclusions, config: WindowConfig, clock: Clock
    ) -> None:
        self._catalogue, self._exclusions, self._config = catalogue, exclusions, config
        self._clock = clock
        self.skipped: dict[str, Skipped] = {}
        self.ended = _ended_by(catalogue, clock())

    def forbids(self, key: str) -> bool:
        """Return whether a clip must not be read any more.

        Raises:
            BadInputError: if a list of exclusions cannot be read.
        """
        return self._exclusions.forbids(key)

    def read(self, row: int, choose: Choose) -> Window | Skipped | None:
        """Return a window of a sample, why it cannot be used, or None if it must not be read.

        Raises:
            BadInputError: when there are more bad samples than allowed.
        """
        if self._exclusions.forbids(self._catalogue.keys[row]):
            return None
        until = int(self._catalogue.until[row])
        if self._clock().toordinal() > until:
            return self._note_ended(row, until)
        try:
            return self._decode(row, choose)
        except _EndedError as error:
            return self._note_ended(row, error.args[0])
        except BadSampleError as error:
            return self._note(row, str(error))

    def _decode(self, row: int, choose: Choose) -> Window:
        config, key = self._config, self._catalogue.keys[row]
        parts = read_parts(self._catalogue, row, parts_wanted(config), config.limits)
        about = read_about(key, parts["json"], config.limits)
        if self._clock().toordinal() > (until := until_of(about)):  # whatever the index says
            raise _EndedError(until)
        chosen = choose(about["num_frames"])
        span = Span(
            start=chosen.start,
            length=chosen.length,
            num_valid=min(chosen.length, about["num_frames"] - chosen.start),
            mirrored=chosen.mirrored,
            reference=chosen.reference if config.with_reference else None,
        )
        return decode_window(key, about, parts, span, config)

    def _note_ended(self, row: int, until: int) -> Skipped:
        name = name_of(self._catalogue, row)
        found = _ended(self._catalogue, row, until)
        if name not in self.ended:
            self.ended[name] = found
            _LOG.warning("sample left out: %s: %s", name, found.reason)
        return found

    def _note(self, row: int, reason: str) -> Skipped:
        name = name_of(self._catalogue, row)
        shard = base_name(shard_of(self._catalogue, row))
        found = Skipped(key=self._catalogue.keys[row], shard=shard, reason=reason)
        if name not in self.skipped:
            self.skipped[name] = found
            _LOG.warning("sample skipped: %s: %s", name, reason)
        check_skipped(self.skipped, self._config.max_bad_samples)
        return found


def _ended(catalogue: Catalogue, row: int, until: int) -> Skipped:
    """Return the note on a sample whose consent holds no more; `until` is the ordinal of its last day."""
    day = datetime.date.fromordinal(until)
    reason = f"its consent held until {day}" if day > datetime.date.min else "its consent's end is no day"
    return Skipped(
        key=catalogue.keys[row], shard=base_name(shard_of(catalogue, row)), reason=reason, ended=True
    )


def _ended_by(catalogue: Catalogue, day: datetime.date) -> dict[str, Skipped]:
    """Return notes on the samples whose consent does not hold on a day, by shard and key."""
    rows = np.flatnonzero(catalogue.until < day.toordinal()).tolist()
    gone = {name_of(catalogue, row): _ended(catalogue, row, int(catalogue.until[row])) for row in rows}
    if gone:
        name, first = next(iter(gone.items()))
        _LOG.warning("%d samples are left out, as %s: %s", len(gone), name, first.reason)
    return gone


def check_skipped(skipped: Mapping[str, Skipped], allowed: int) -> None:
    """Raise a BadInputError that names the last ones if there are more bad samples than allowed."""
    if len(skipped) > allowed:
        shown = "; ".join(f"{name}: {found.reason}" for name, found in list(skipped.items())[-3:])
        raise BadInputError(
            f"{len(skipped)} bad samples, more than max_bad_samples ({allowed}): {shown}; mend or remove the "
            "shards (`curate` again makes them anew), or allow more"
        )
