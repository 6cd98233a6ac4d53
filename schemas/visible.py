"""Text of others (file names, manifests, errors) as it may be shown and kept: nothing unseen, valid Unicode.

A name may hold line breaks, terminal escapes, a right-to-left override that makes 'gpj.exe' read 'exe.jpg',
or bytes that are no UTF-8, which Python keeps as lone surrogates and no encoder takes.
"""

import os
import re
import unicodedata
from urllib.parse import unquote_to_bytes

_JOINERS = "\u200c\u200d"  # needed by Indic scripts, Persian and emoji; harmless
# Controls, directions and other marks without a shape, lone surrogates, private and unassigned characters.
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ABOVE_ASCII = re.compile("[\x7f-\U0010ffff]")
_READS_AS_ESCAPE = re.compile(r"%(?=[0-9A-Fa-f]{2})")


def is_unseen(character: str) -> bool:
    """Return whether a character has no shape of its own, or cannot be encoded."""
    return unicodedata.category(character) in _UNSEEN and character not in _JOINERS


def visible(text: str) -> str:
    """Return a text for people to read, on one line: what is unseen is spelled (`\\n`, `\\x1b`)."""
    return "".join(_spelled(c) if is_unseen(c) else c for c in text)


def visible_lines(text: str) -> str:
    """Return a text as `visible` does, with its line breaks."""
    return "\n".join(map(visible, text.split("\n")))


def _spelled(character: str) -> str:
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def published_name(name: str) -> str:
    """Return the name of a file as records and tables hold it: what is unseen, as its bytes in percent.

    >>> published_name("caf\\udce9 100%.mp4")
    'caf%E9 100%.mp4'

    Nothing is lost (`file_name` returns the name), and valid names without control characters stay as
    they are, but for a percent sign that would read as an escape.
    """
    return "".join(_percent(c) if is_unseen(c) else c for c in _READS_AS_ESCAPE.sub("%25", name))


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def file_name(name: str) -> str:
    """Return the name of the file that `published_name` names."""
    return os.fsdecode(unquote_to_bytes(name))


def json_escaped(text: str) -> str:
    """Return JSON text with what is unseen escaped, as its writer did below 0x7f; it means the same."""
    return _ABOVE_ASCII.sub(_json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    if not is_unseen(found[0]):
        return found[0]
    data = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[i] << 8 | data[i + 1]:04x}" for i in range(0, len(data), 2))
