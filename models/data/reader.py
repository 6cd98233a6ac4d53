"""Reading windows of samples; what cannot be used is noted, what must not be read is not."""

import logging
from collections.abc import Callable, Mapping

from models.data.catalogue import Catalogue
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


class SampleReader:
    """Reads samples of a catalogue; `skipped` holds the bad ones by shard and key."""

    def __init__(self, catalogue: Catalogue, exclusions: Exclusions, config: WindowConfig) -> None:
        self._catalogue, self._exclusions, self._config = catalogue, exclusions, config
        self.skipped: dict[str, Skipped] = {}

    def read(self, row: int, choose: Choose) -> Window | Skipped | None:
        """Return a window of a sample, why it cannot be used, or None if it must not be read.

        Raises:
            BadInputError: when there are more bad samples than allowed.
        """
        if self._exclusions.forbids(self._catalogue.keys[row]):
            return None
        try:
            return self._decode(row, choose)
        except BadSampleError as error:
            return self._note(row, str(error))

    def _decode(self, row: int, choose: Choose) -> Window:
        config, key = self._config, self._catalogue.keys[row]
        parts = read_parts(self._catalogue, row, parts_wanted(config), config.limits)
        about = read_about(key, parts["json"], config.limits)
        chosen = choose(about["num_frames"])
        span = Span(
            start=chosen.start,
            length=chosen.length,
            num_valid=min(chosen.length, about["num_frames"] - chosen.start),
            mirrored=chosen.mirrored,
            reference=chosen.reference if config.with_reference else None,
        )
        return decode_window(key, about, parts, span, config)

    def _note(self, row: int, reason: str) -> Skipped:
        name = name_of(self._catalogue, row)
        shard = base_name(shard_of(self._catalogue, row))
        found = Skipped(key=self._catalogue.keys[row], shard=shard, reason=reason)
        if name not in self.skipped:
            self.skipped[name] = found
            _LOG.warning("sample skipped: %s: %s", name, reason)
        check_skipped(self.skipped, self._config.max_bad_samples)
        return found


def check_skipped(skipped: Mapping[str, Skipped], allowed: int) -> None:
    """Raise a BadInputError that names the last ones if there are more bad samples than allowed."""
    if len(skipped) > allowed:
        shown = "; ".join(f"{name}: {found.reason}" for name, found in list(skipped.items())[-3:])
        raise BadInputError(
            f"{len(skipped)} bad samples, more than max_bad_samples ({allowed}): {shown}; mend or remove the "
            "shards (`curate` again makes them anew), or allow more"
        )
