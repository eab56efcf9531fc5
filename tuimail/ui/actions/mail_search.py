"""Searching all mail: the results are an index; from one of them to its thread and back; searches with a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuimail.engine.index_request import IndexRequest, SortOrder
from tuimail.engine.search_scope import read_scope, typed_scope
from tuimail.mail.text import safe_line
from tuimail.ui.actions.messages import messages_of
from tuimail.ui.requests import ShowIndex

if TYPE_CHECKING:
    from tuimail.config.saved_searches import SavedSearch
    from tuimail.ui.protocols import Action, Frame, HasMessages, MessageList

SEARCH_HELP = (
    "Words, or patterns: ~f from, ~t to, ~s subject, ~b text, ~d <1w date, ~U unread. Junk and trash are left out; "
    "in:FOLDER or in:ACCOUNT before the words looks only there."
)


async def search_mail(screen: Frame) -> None:
    """Ask for words or a pattern and show what has them in all folders."""
    request = await _ask(screen, "")
    if request is not None:
        screen.program.navigation.open(ShowIndex(request))


async def search_from_index(screen: MessageList) -> None:
    """The same; on the results of a search, the words are offered and the new results take their place."""
    shown = screen.request.search
    if shown is None:
        await search_mail(screen)
        return
    request = await _ask(screen, typed_scope(shown.accounts, shown.folders) + shown.words)
    if request is not None:
        screen.zoomed = False
        screen.results.forget()  # the same words are looked for again, too
        await screen.show_request(request, limit_text="")


async def _ask(screen: Frame, before: str) -> IndexRequest | None:
    typed = await screen.prompts.ask("Search all mail for", initial=before, help_text=SEARCH_HELP)
    if typed is None or not typed.strip():
        return None
    engine = screen.program.engine
    places = [(each.account, each.name) for each in await engine.mail.folders()]
    return screen.program.places.found(*read_scope(typed, places))


def go_to_thread(screen: HasMessages) -> None:
    """Show the message among the messages of its folder, by threads."""
    ref = messages_of(screen)[0].ref
    reverse = screen.program.engine.config.reading.reverse
    screen.program.navigation.open(ShowIndex(IndexRequest(ref.account, ref.folder, SortOrder.THREAD, reverse), ref))


async def save_search(screen: MessageList) -> None:
    """Ask for a name and keep what the index is limited to."""
    if not screen.request.narrowed:
        key = screen.program.keymap.key("search-mail")
        screen.say(f"There is no search to be saved: {key} searches all mail.")
        return
    name = await screen.prompts.ask("Save the search as", help_text="It stands in the folder list under this name.")
    if name is None or not name.strip():
        return
    await screen.program.engine.searches.add(_shown_search(screen, name.strip()))
    screen.say(f"Saved as {safe_line(name.strip())}; it is in the folder list.")


def _shown_search(screen: MessageList, name: str) -> SavedSearch:
    from tuimail.config.saved_searches import SavedSearch

    request, limit = screen.request, screen.limit_text
    search = request.search
    if search is None:
        return SavedSearch(name, limit, (request.account,) if request.account else (), (request.folder,))
    words = f"({search.words}) ({limit})" if request.limit is not None else search.words
    return SavedSearch(name, words, search.accounts, search.folders)


ANYWHERE: dict[str, Action[Frame]] = {"search-mail": search_mail}
ON_MESSAGES: dict[str, Action[HasMessages]] = {"go-to-thread": go_to_thread}
IN_INDEX: dict[str, Action[MessageList]] = {"search-mail": search_from_index, "save-search": save_search}
