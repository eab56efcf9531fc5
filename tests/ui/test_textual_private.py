"""What ``textual_private`` relies on; a release of Textual that changes it is found here, in words."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingsMap, BindingType
from textual.screen import Screen

from tuimail.ui.textual_private import use_bindings


class Keyed(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def get_default_screen(self) -> Screen[None]:
        return Given()


class Given(Screen[None], inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "give('x')")]

    def action_give(self, what: str) -> None:
        assert isinstance(self.app, Keyed)
        self.app.given.append(what)


async def test_a_screen_has_the_bindings_it_is_given_and_no_others() -> None:
    app = Keyed()
    async with app.run_test() as pilot:
        use_bindings(app.screen, BindingsMap([Binding("y,?", "give('y')")]))
        await pilot.press("x", "y", "question_mark")
        assert app.given == ["y", "y"]
        own = {key for key, each in app.screen.active_bindings.items() if each.node is app.screen}
        assert own == {"y", "question_mark"}
