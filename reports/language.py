"""How a language tells cells and sentences: its marks of numbers, its names, its texts.

Pure; nothing here escapes HTML, the template does.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reports import formats, reasons
from reports.cells import Cell, Said
from schemas.bias import TOGETHER

# Between a number and its sign of percent or unit, so that no line ends there.
_GLUE = "\u00a0"
_MINUS = "\u2212"
_MOST_NAMED = 12
# A group within what balancing says: gender=feminine, gender = feminine.
_PAIR = re.compile(r"(\w+) ?= ?([^;&]+?)(?= & |;|$)")
# What `transforms.balance.targets` says is in the way, by the key of its text.
_BINDINGS = {
    "no_clip_has": r"no clip has (?P<group>.+ = .+)",
    "no_clip_known": r"no clip has a known (?P<group>.+)",
    "others_missed": r"drawn as asked, but other groups of this target are not",
    "limited_by": r"the size is limited by (?P<group>.+)",
    "weight_binds": r"(?P<bound>max_weight|min_weight) (?P<value>\S+) binds for (?P<group>.+)",
    "not_together": r"the clips there are cannot meet it together with (?P<group>.+)",
    "only_came": r"only (?P<value>\S+) (?P<unit>clips|seconds) came to balancing",
    "took_others": r"caps, maxima or the targets' selection took the others",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Language:
    """A language: its code and name, its marks in numbers, and its texts.

    `texts` are sentences with places ({files}) and words by key; `names` the words for attributes, groups,
    rules and splits; `explained` say what a rule or a reason turns down. What is not among them is told as
    the tables have it, and an explanation in English. `lowers_names`: names begin small within a sentence.
    """

    code: str
    name: str
    decimal: str
    thousands: str
    texts: Mapping[str, str]
    names: Mapping[str, str]
    explained: Mapping[str, str]
    lowers_names: bool = True

    def word(self, key: str) -> str:
        """Return a text without places.

        Raises:
            KeyError: if the language lacks it.
        """
        return self.texts[key].replace(" %", f"{_GLUE}%")

    def sentence(self, what: Said) -> str:
        """Return a sentence with its places filled; `key.one` is its form if the first count is one."""
        ones = [cell.value == 1 for cell in what.values.values() if cell.kind == "count"]
        key = f"{what.key}.one" if ones[:1] == [True] and f"{what.key}.one" in self.texts else what.key
        return self.texts[key].format_map({place: self.cell(cell) for place, cell in what.values.items()})

    def cell(self, cell: Cell) -> str:
        """Return a value as text."""
        if cell.value is None:
            return formats.MISSING
        told: Mapping[str, Callable[[], str]] = {
            "count": lambda: self._marked(formats.count(cell.value)),
            "share": lambda: self._with_interval(cell, self._share),
            "number": lambda: self._with_interval(cell, self._number),
            "span": lambda: self._between(self._number, cell.value, cell.more),
            "length": lambda: self._length(cell.value),
            "name": lambda: self.name_of(cell.value, cell.more or ""),
            "words": lambda: self._words(cell.value, cell.more),
            "joined": lambda: self._joined(cell.value, cell.more),
            "group": lambda: self._group(cell.value, cell.more),
            "of": lambda: self._of(cell.value, cell.more),
            "quota": lambda: self.texts[f"quota_{cell.value}"].format(group=self._where(cell.more)),
            "binding": lambda: self._binding(cell.value),
            "meaning": lambda: self.explained.get(cell.value) or reasons.REASONS.get(cell.value, ""),
            "raw": lambda: formats.prose(cell.value, 400),
            "said": lambda: self.texts[cell.value],
        }
        return told[cell.kind]()

    def name_of(self, value: str, of: str = "") -> str:
        """Return the name of a group of an attribute (`of`), or of an attribute, a rule or a split."""
        if value == TOGETHER:
            return self.names[TOGETHER]
        known = self.names.get(f"{of}:{value}") or self.names.get(value)
        shown = value.replace("_", " ") if of else reasons.title(value)
        return known or formats.printable(shown, 60)

    def is_foreign(self, cell: Cell) -> bool:
        """Return whether a cell is told in English for want of words of this language."""
        if cell.kind == "binding" and cell.value:
            return self.code != "en" and self._found(cell.value) is None
        return cell.kind == "meaning" and cell.value not in self.explained

    def _words(self, text: str, of: str) -> str:
        """Return words of a closed list ('explicit_consent licence'), or a text that is none as it is."""
        found = [self.names.get(f"{of}:{word}") for word in text.split()]
        known = [word for word in found if word]
        return ", ".join(known) if known and len(known) == len(found) else formats.prose(text, 200)

    def _joined(self, names: Sequence[str], of: str) -> str:
        """Return several licences, words of consent or the like as one, the first few of them by name."""
        told = [self._words(name, of) if name else self.texts["not_declared"] for name in names]
        rest = len(told) - _MOST_NAMED
        shown = "; ".join(told[:_MOST_NAMED]) + (f"; +{rest}" if rest > 0 else "")
        return self.texts["together"].format(names=shown)

    def _group(self, attribute: str, value: str) -> str:
        """Return a group with its attribute; joint ones have their parts divided by a bar."""
        pairs = list(zip(attribute.split("|"), value.split("|"), strict=False)) if value else []
        if not pairs:
            return self.name_of(attribute)
        return " + ".join(f"{self.name_of(a)}: {self.name_of(v, a)}" for a, v in pairs)

    def _where(self, text: str) -> str:
        """Return the group of a quota ('gender=feminine|language=en')."""
        pairs = [part.partition("=") for part in text.split("|")]
        return " + ".join(f"{self.name_of(a)}: {self.name_of(v, a)}" for a, _, v in pairs)

    def _of(self, part: int, whole: int) -> str:
        counted = [self._marked(formats.count(value)) for value in (part, whole)]
        return self.texts["n_of_m"].format(n=counted[0], m=counted[1])

    def _found(self, binding: str) -> tuple[str, Mapping[str, str]] | None:
        for key, pattern in _BINDINGS.items():
            if found := re.fullmatch(pattern, binding):
                return key, found.groupdict()
        return None

    def _binding(self, binding: str) -> str:
        """Return in this language what balancing says in English is in the way."""
        found = self._found(binding)
        if found is None:
            return formats.prose(binding, 300)
        key, said = found
        named = {
            place: _PAIR.sub(lambda pair: self._group(pair[1], pair[2]), text) for place, text in said.items()
        }
        return self.texts[key].format_map({place: formats.prose(text, 200) for place, text in named.items()})

    def _with_interval(self, cell: Cell, told: Callable[[float], str]) -> str:
        if cell.more is None:
            return told(cell.value)
        return f"{told(cell.value)} ({self._between(told, *cell.more)})"

    def _between(self, told: Callable[[float], str], low: float, high: float) -> str:
        said = self.texts["interval"].format(low=told(low), high=told(high))
        return said.replace(" ", _GLUE)

    def _number(self, value: float) -> str:
        return self._marked(formats.number(value))

    def _share(self, value: float) -> str:
        percent = 100 * value
        if 0 < percent < 0.05:
            return f"<{self._marked('0.1')}{_GLUE}%"
        text = f"{percent:.0f}" if percent in (0, 100) else f"{percent:.1f}"
        return f"{self._marked(text).replace('-', _MINUS)}{_GLUE}%"

    def _length(self, seconds: float) -> str:
        if not math.isfinite(seconds):
            return formats.MISSING
        units = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
        size, unit = next((pair for pair in units if seconds >= 2 * pair[0]), units[-1])
        return f"{self._marked(f'{seconds / size:,.1f}')}{_GLUE}{unit}"

    def _marked(self, text: str) -> str:
        """Return a number as English writes it with this language's marks."""
        swapped = {",": self.thousands, ".": self.decimal}
        return "".join(swapped.get(character, character) for character in text)
