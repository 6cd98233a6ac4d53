"""Dead letters: an element and what its stage raised become a Failure that is the same wherever it ran.

Failures are published. So they name the source by its name and files relative to the checkout or their
package, hold no path of the machine, no temporary name and no memory address, and of the traceback only what
the element's own work did: how a runner and its pool came to call that differs between runners.
"""

import ast
import re
import sysconfig
from pathlib import Path
from typing import Any

from media import is_remote
from pipelines.elements import subject_of
from schemas.outcomes import Failure
from schemas.records.source import Source
from schemas.visible import visible, visible_lines

Raised = tuple[type, str, list[str]]  # what Beam says of an exception: type, repr, lines of its traceback

_CHECKOUT = f"{Path(__file__).parent.parent}/"
_STANDARD_LIBRARY = f"{sysconfig.get_path('stdlib')}/"
_PACKAGE = re.compile(r".*/(?:site|dist)-packages/")
# Who calls a visit: of a traceback their first frames go.
_CALLERS = ("apache_beam/", "pebble/", "concurrent/", "pipelines/steps.py", "pipelines/isolation.py")

_CHAINED = re.compile(
    r"\n+(The above exception was the direct cause of the following exception:"
    r"|During handling of the above exception, another exception occurred:)\n+"
)
_HEADING = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'  File "([^"\n]*)", line .*\n(?:(?!  File ) .*\n)*')

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_QUOTED_PATH = re.compile(r"""(['"])(/[^'"\n]+)\1""")
_BARE_PATH = re.compile(r"""(?<![\w./:-])/(?:[^\s/'":;,()\[\]]+/)+[^\s/'":;,()\[\]]*""")
_REMOTE_PATH = re.compile(r"""(?<!\w)(?!https?:)[a-z][a-z0-9+.-]*://[^\s'",;()\[\]]+""")
_TEMPORARY_NAME = re.compile(r"\btmp[a-z0-9_]{8}(?![a-z0-9_])")


def failure_of(dead: tuple[Any, Raised], stage: str, level: str) -> Failure:
    """Return the Failure of a dead letter: an element and what its stage raised."""
    element, (kind, shown, lines) = dead
    subject = subject_of(element)
    return Failure(
        stage=stage,
        level=level,
        subject_id=subject.subject_id,
        video_id=subject.video_id,
        source_name=subject.source.name,
        error_type=kind.__name__,
        error=visible(without_places(_message(kind, shown), subject.source)),
        traceback=visible_lines(own_traceback("".join(lines), subject.source)),
        seconds=subject.seconds or None,
    )


def _message(kind: type, shown: str) -> str:
    """Return the text of an exception out of its repr, on one line."""
    name = kind.__name__
    if not (shown.startswith(f"{name}(") and shown.endswith(")")):
        return shown
    inside = shown[len(name) + 1 : -1]
    try:
        (text,) = ast.literal_eval(f"({inside},)")
    except (ValueError, SyntaxError):
        return inside
    return "\\n".join(text.splitlines()) if isinstance(text, str) else inside


def without_places(text: str, source: Source) -> str:
    """Return a message in which the source goes by its name and nothing else says where it ran.

    Of other paths and addresses the last part stays.
    """
    uri = source.uri
    spellings = {uri, repr(uri)[1:-1]}
    if uri and not is_remote(uri):
        spellings.add(str(Path(uri).absolute()))
    known = "|".join(map(re.escape, sorted(filter(None, spellings), key=len, reverse=True)))
    pieces = re.split(known, text) if known else [text]
    return source.name.join(map(_shortened, pieces))


def _shortened(text: str) -> str:
    text = _QUOTED_PATH.sub(lambda m: f"{m[1]}{_last_part(m[2])}{m[1]}", text)
    for path in (_REMOTE_PATH, _BARE_PATH):
        text = path.sub(lambda m: _last_part(m[0]), text)
    return _TEMPORARY_NAME.sub("tmp", _ADDRESS.sub("", text))


def _last_part(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1]


def own_traceback(text: str, source: Source) -> str:
    """Return a traceback without the frames of those who called the work and without places.

    Where nothing but callers is in it (a worker died), the exception alone is left.
    """
    parts = _CHAINED.split(text.strip("\n") + "\n")
    links, blocks = ["", *parts[1::2]], parts[0::2]
    told = ""
    for link, block in zip(links, blocks, strict=True):
        frames = _own_frames(block)
        if frames:
            told += f"\n{link}\n\n" if told else ""
            told += _HEADING + "".join(frames) + _exception(block, source)
    return told or _exception(blocks[-1], source)


def _own_frames(block: str) -> list[str]:
    """Return the frames of one exception from the first on that is no caller's."""
    frames = [(place_of(match[1]), match) for match in _FRAME.finditer(block)]
    own = next((i for i, (place, _) in enumerate(frames) if not place.startswith(_CALLERS)), len(frames))
    return [match[0].replace(match[1], place, 1) for place, match in frames[own:]]


def _exception(block: str, source: Source) -> str:
    """Return what a block of a traceback says below its frames: the exception and its message."""
    end = max((match.end() for match in _FRAME.finditer(block)), default=0)
    said = block[end:].removeprefix(_HEADING).strip("\n")
    return without_places(said, source) + "\n"


def place_of(path: str) -> str:
    """Return a code file relative to its package, the standard library or the checkout; else its name."""
    if _PACKAGE.match(path):
        return _PACKAGE.sub("", path)
    for root in (_STANDARD_LIBRARY, _CHECKOUT):
        if path.startswith(root):
            return path.removeprefix(root)
    return _last_part(path) if path.startswith("/") else path
