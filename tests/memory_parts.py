"""The parts that visits make, kept in memory: what a test calls visits and the assembler with."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class MemoryParts:
    """A `schemas.parts.PartReader` of parts by stage and name, of one element."""

    made: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def keep(self, stage: str, parts: Mapping[str, bytes]) -> None:
        """Remember what a stage made."""
        self.made |= {(stage, name): data for name, data in parts.items()}

    def of(self, stage: str) -> dict[str, bytes]:
        """Return what a stage made."""
        return {name: data for (of, name), data in self.made.items() if of == stage}

    def read(self, stage: str, part: str) -> bytes:
        """Return a part's bytes; raises FileNotFoundError, as a folder does."""
        if (stage, part) not in self.made:
            raise FileNotFoundError(f"{stage} made no {part}")
        return self.made[stage, part]

    def uri(self, stage: str, part: str) -> str:
        """Refuse: nothing here can be opened by name."""
        raise FileNotFoundError(f"{part} of {stage} is in memory alone")
