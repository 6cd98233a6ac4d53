"""Where the chain reads and writes in a run folder."""

from dataclasses import dataclass

from pipelines.artefacts import ArtefactStore, ElementParts
from pipelines.results import Result
from schemas.parts import PartReader
from schemas.records.clip import Clip
from transforms.storage import join


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where the chain reads and writes: artefacts, the result it makes, its notes, what is known of people.

    `scratch` holds what a run notes until its result is whole; a new register of people and what made them
    are written there and take the old ones' place with the result.
    """

    store: ArtefactStore
    result: Result
    scratch: str
    biometric: str

    def parts_of(self, clip: Clip) -> PartReader:
        """Return a reader of the parts that the stages made of a clip."""
        return ElementParts(self.store, clip.video_id, clip.artefacts)

    def note(self, name: str) -> str:
        """Return where something is noted until the result is whole."""
        return join(self.scratch, name)
