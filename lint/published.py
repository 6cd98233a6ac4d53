"""Rules on all text that is published: no place of a machine, no name behind a pseudonym, no script."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lint.rules import Found, Rule

# Places on people's machines, in any text: home folders of the three systems, and URIs of files.
_PLACES = re.compile(
    rb"(?:file://[^\s\"'<>]{1,80})|(?<![\w.-])/(?:home|Users|root)/[^\s\"'<>/]{1,60}/|[A-Za-z]:\\\\?Users\\\\?[^\s\"'<>\\]{1,60}"
)
_LOADS = re.compile(
    rb"<script|<iframe|<object|<embed|<link[^>]+href|\bon(?:load|error|click)\s*=|(?:src|srcset|poster)\s*=\s*[\"']?\s*(?:https?:)?//|url\(\s*[\"']?https?:|@import",
    re.IGNORECASE,
)
_MOST_SHOWN = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class TextFacts:
    """What a published file says, as bytes: pieces of its text.

    `places` are folders that inputs lie in, and `names` what pseudonyms stand for, as this machine's notes of
    the last run say; empty where there are none.
    """

    file: str
    pieces: Sequence[bytes]
    places: Sequence[str]
    names: Mapping[str, str]


def _private_path(facts: TextFacts) -> Iterator[Found]:
    found: set[str] = set()
    for piece in facts.pieces:
        found |= {match[0].decode("utf-8", "replace") for match in _PLACES.finditer(piece)}
        found |= {place for place in facts.places if place.encode("utf-8", "surrogateescape") in piece}
    for place in sorted(found)[:_MOST_SHOWN]:
        yield facts.file, "", f"names the place {place[:80]!r}"


def _private_name(facts: TextFacts) -> Iterator[Found]:
    for name, field in sorted(facts.names.items()):
        data = name.encode("utf-8", "surrogateescape")
        if any(data in piece for piece in facts.pieces):
            yield (
                facts.file,
                "",
                f"holds a {field} of the manifest ({len(name)} characters)",
            )


def _page_loads(facts: TextFacts) -> Iterator[Found]:
    if not facts.file.endswith(".html"):
        return
    found = {m[0].decode("utf-8", "replace") for piece in facts.pieces for m in _LOADS.finditer(piece)}
    for text in sorted(found)[:_MOST_SHOWN]:
        yield facts.file, "", f"holds {text[:60]!r}"


_RECALL = "do not pass the result on; curate again with this version, recall copies"
RULES: tuple[Rule, ...] = (
    Rule(code="private-path", means="a published file names a place on somebody's machine", advice=_RECALL,
         check=_private_path),
    Rule(code="private-name", means="a published file holds an identifier that a pseudonym stands for",
         advice=_RECALL, check=_private_name),
    Rule(code="page-loads", means="a page of the report runs code or loads something from elsewhere",
         advice="do not open it; package again", check=_page_loads),
)  # fmt: skip
