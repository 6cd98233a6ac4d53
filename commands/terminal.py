"""The terminal: whatever is printed goes through here, so that nothing of others acts on it."""

from typing import Any

from rich.console import Console
from rich.text import Text

from schemas.visible import visible_lines


class Terminal(Console):
    """A console that spells control and direction characters in text instead of sending them.

    Names, manifests and errors may hold escapes that move the cursor, retitle a window or turn text around.
    Our own line breaks stay: names that are kept hold none (`schemas.visible.published_name`).
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string, with markup, as it is shown; rich asks this of every string it prints."""
        return super().render_str(visible_lines(text), **options)

    def out(self, *objects: Any, **options: Any) -> None:
        """Print without markup and without breaking lines."""
        super().out(*[visible_lines(str(item)) for item in objects], **options)
