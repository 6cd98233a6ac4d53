"""Text of others: nothing unseen reaches a terminal or a JSON file, and nothing is lost."""

import io
import json

from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from commands.terminal import Terminal
from schemas.sample import to_json_bytes
from schemas.visible import file_name, is_unseen, published_name, visible

HOSTILE = "a\x1b[31mESC\x1b]0;owned\x07\x9b2J\x7f\u202egnp\r\n%41\udce9é说"


@given(st.binary(max_size=30).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_published_names_give_the_name_back(name: str) -> None:
    shown = published_name(name)
    assert file_name(shown) == name and not any(map(is_unseen, shown))
    assert shown.encode().decode() == shown


def test_plain_names_stay_as_they_are() -> None:
    for name in ("100%.mov", "a b/ç说话ю̈.mp4", "नमस्\u200dते.mp4", "back\\slash.mp4"):
        assert published_name(name) == name


def test_json_means_the_same_and_acts_on_nothing() -> None:
    data = to_json_bytes({"title": HOSTILE, "emoji": "😀\U000e0041"})
    assert json.loads(data) == {"title": HOSTILE, "emoji": "😀\U000e0041"}
    assert not any(map(is_unseen, data.decode().replace("\n", "")))


def test_nothing_of_others_acts_on_a_terminal() -> None:
    screen = io.StringIO()
    terminal = Terminal(file=screen, width=400, force_terminal=False)
    table = Table(title=HOSTILE)
    table.add_column(HOSTILE)
    table.add_row(HOSTILE)
    terminal.print(HOSTILE, markup=False)
    terminal.print(f"[bold]{HOSTILE}")
    terminal.print(table)
    terminal.out(HOSTILE)
    shown = screen.getvalue()
    assert not any(map(is_unseen, shown.replace("\n", "")))
    assert shown.count(visible("\x1b]0;owned")) == 6
