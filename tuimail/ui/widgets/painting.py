"""From lines of spans to Textual strips, in the styles of the theme's mail roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.strip import Strip

from tuimail.ui.text.cells import TextRole

if TYPE_CHECKING:
    from rich.style import Style
    from textual.widget import Widget

    from tuimail.ui.text.cells import Line

ROLE_CLASSES = frozenset(f"role--{role}" for role in TextRole)
"""Component classes of every screen whose widgets paint; styled in ``look.tcss``.

Of the screen, not of each widget: Textual works out every component class of every widget whenever it applies styles.
"""


def paint(widget: Widget, line: Line, width: int, *, base: Style | None = None, plain: bool = False) -> Strip:
    """``line`` as a strip of exactly ``width`` cells.

    ``base`` is the style under everything (default: the widget's); ``plain`` keeps weights but drops the roles'
    colours, for a line that is highlighted as a whole.
    """
    ground = widget.rich_style if base is None else base
    segments = []
    for span in line:
        if span.role is TextRole.TEXT or not span.text:
            style = ground
        else:
            style = widget.screen.get_component_rich_style(f"role--{span.role}", partial=True)
            style = ground + (style.without_color if plain else style)
        segments.append(Segment(span.text, style))
    return Strip(segments).adjust_cell_length(width, ground)
