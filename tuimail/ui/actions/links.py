"""Actions on the links of a message: choosing one, and opening it after a question that says where it goes."""

from __future__ import annotations

import asyncio
import os
import shutil
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from tuimail.errors import UsageError
from tuimail.mail.confusables import plain_form
from tuimail.mail.text import safe_line
from tuimail.ui.requests import ShowComposer

if TYPE_CHECKING:
    from tuimail.engine.message_reader import ReadMessage
    from tuimail.mail.html_text import HtmlLink
    from tuimail.ui.protocols import Action, Frame
    from tuimail.ui.widgets.message_pager import MessagePager

    class HasLinks(Frame, Protocol):
        """A screen with a message that has links."""

        last_key: str

        @property
        def pager(self) -> MessagePager:
            """Shows it."""
            ...

        async def settled_message(self) -> ReadMessage | None:
            """The message, once it is on the screen."""
            ...


PAGES = frozenset({"http", "https"})
NO_LINKS = "The message has no links."


async def choose(screen: HasLinks, step: int) -> None:
    """Select the next link, or the one before."""
    message = await screen.settled_message()
    number = screen.pager.choose_link(step)
    if message is None or not number:
        screen.say(NO_LINKS)
        return
    screen.say(f"[{number}] {safe_line(message.links[number - 1].target)}")
    screen.refresh_keys()


async def follow(screen: HasLinks) -> None:
    """Open the selected link; without one, scroll one line."""
    message = await screen.settled_message()
    if message is None or not screen.pager.chosen:
        screen.pager.scroll_lines(1)
        return
    await open_link(screen, message.links[screen.pager.chosen - 1])


async def by_number(screen: HasLinks) -> None:
    """Ask for a number, which begins with the digit that was typed, and open that link."""
    digit = screen.last_key if screen.last_key.isdecimal() else ""
    message = await screen.settled_message()
    if message is None or not message.links:
        screen.say(NO_LINKS)
        return
    typed = await screen.prompts.ask(
        "Number of the link", initial=digit, help_text="Each link of the message has its number in brackets."
    )
    if not typed or not typed.strip():
        return
    number = int(typed) if typed.strip().isascii() and typed.strip().isdecimal() and len(typed) < 9 else 0
    if not screen.pager.select_link(number):
        raise UsageError(
            f"There is no link {safe_line(typed.strip())[:20]}.", hint=f"The last is {len(message.links)}."
        )
    await open_link(screen, message.links[number - 1])


async def open_link(screen: Frame, link: HtmlLink) -> None:
    """Open a link, after a question.

    Raises:
        UsageError: it is of a kind that is never opened.
        TuimailError: it is a mailto link that cannot be used.
    """
    target = "".join(link.target.split())
    scheme = target.partition(":")[0].lower()
    if scheme == "mailto":
        await write_to(screen, target)
        return
    host = host_of(target)
    if scheme not in PAGES or not host:
        raise UsageError(
            f"{safe_line(target)[:60]} is not opened.", hint="Only http, https and mailto links of a host are."
        )
    doubt = "The text of the link names another host.  " if link.misleading else ""
    if not await screen.prompts.ask_yes_no(
        f"{doubt}Open a page of {host}?  {safe_line(target)}", default=not link.misleading, help_text=ABOUT_OPENING
    ):
        return
    await _show_page(screen, target)


ABOUT_OPENING = "Your browser will ask that host for the page, so that it learns your network address."


def host_of(target: str) -> str:
    """The host that a link goes to, safe to show, as A-labels if it may be mistaken for another; empty if none."""
    try:
        host = urlsplit(target).hostname or ""
    except ValueError:
        return ""
    return plain_form(host) or safe_line(host)


async def _show_page(screen: Frame, target: str) -> None:
    browser = browser_argv(os.environ)
    if not browser:
        screen.program.copy_to_clipboard(target)
        screen.say(f"There is no desktop to open it on; it was given to the clipboard: {safe_line(target)}")
        return
    from tuimail.engine.programs import start_in_background

    await start_in_background([*browser, target])
    screen.say(f"{browser[0]} was asked to open it.")


def browser_argv(environ: os._Environ[str] | dict[str, str]) -> list[str]:
    """What opens a page or a file on the desktop here; empty where there is none."""
    from tuimail.engine.programs import has_display

    if not has_display(environ):
        return []
    return next(([name] for name in ("xdg-open", "open") if shutil.which(name, path=environ.get("PATH"))), [])


async def write_to(screen: Frame, link: str) -> None:
    """Open the composer on a mailto link. Raises MessageError."""
    from tuimail.compose.draft import Draft
    from tuimail.compose.mailto import parse_mailto

    wish = await asyncio.to_thread(parse_mailto, link)
    draft = Draft(to=wish.to, cc=wish.cc, subject=wish.subject, body=wish.body, in_reply_to=wish.in_reply_to)
    screen.program.navigation.open(ShowComposer(draft))
    if wish.ignored:
        screen.program.say(f"The link tried to set {', '.join(wish.ignored[:5])}; a link may not.")


ACTIONS: dict[str, Action[Any]] = {
    "next-link": lambda screen: choose(screen, 1),
    "previous-link": lambda screen: choose(screen, -1),
    "follow-link": follow,
    "link-number": by_number,
}
