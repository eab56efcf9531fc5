"""Which screen a request opens, and which actions its commands carry out there.

The only module that knows both screens and actions. Each is imported when it is first opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tuimail.ui import requests
from tuimail.ui.actions import common

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tuimail.ui.protocols import Action, Request
    from tuimail.ui.screens.frame import FrameScreen

    S = TypeVar("S", bound=FrameScreen)


def screen_for(request: Request[Any]) -> FrameScreen:
    """A new screen with its actions."""
    return _MAKERS[type(request)](request)


def _with_actions(screen: S, actions: Mapping[str, Action[S]]) -> S:
    """``screen`` with what its commands do; those of every screen are among them."""
    screen.actions = {**common.ACTIONS, **actions}
    return screen


def _main_menu(_request: requests.ShowMainMenu) -> FrameScreen:
    from tuimail.ui.actions import menu
    from tuimail.ui.screens.main_menu import MainMenuScreen

    return _with_actions(MainMenuScreen(), menu.ACTIONS)


def _message(request: requests.ShowMessage) -> FrameScreen:
    from tuimail.ui.actions import answering, mail_places, mail_search, message, messages, senders
    from tuimail.ui.screens.message import MessageScreen

    received = {**messages.ACTIONS, **answering.ACTIONS, **senders.ACTIONS, **mail_search.ON_MESSAGES}
    actions = {**received, **mail_places.PLACES, **message.ACTIONS}
    return _with_actions(MessageScreen(request.cursor, full_header=request.full_header), actions)


def _embedded_message(request: requests.ShowEmbeddedMessage) -> FrameScreen:
    from tuimail.ui.actions import message
    from tuimail.ui.screens.message_page import EmbeddedMessageScreen

    return _with_actions(EmbeddedMessageScreen(request.message), message.PAGE_ACTIONS)


def _attachments(request: requests.ShowAttachments) -> FrameScreen:
    from tuimail.ui.actions import attachments
    from tuimail.ui.screens.attachments_list import AttachmentListScreen

    return _with_actions(AttachmentListScreen(request.message, request.place), attachments.ACTIONS)


def _outbox(_request: requests.ShowOutbox) -> FrameScreen:
    from tuimail.ui.actions import outbox_list
    from tuimail.ui.screens.outbox import OutboxScreen

    return _with_actions(OutboxScreen(), outbox_list.ACTIONS)


def _item(request: requests.ShowItem) -> FrameScreen:
    from tuimail.ui.actions import item
    from tuimail.ui.screens.item import ItemScreen

    return _with_actions(ItemScreen(request.item_id), item.ACTIONS)


def _folders(_request: requests.ShowFolders) -> FrameScreen:
    from tuimail.ui.actions import folders
    from tuimail.ui.screens.folders import FoldersScreen

    return _with_actions(FoldersScreen(), folders.ACTIONS)


def _index(request: requests.ShowIndex) -> FrameScreen:
    from tuimail.ui.actions import answering, index, index_out, index_tags, index_threads, mail_search, senders
    from tuimail.ui.screens.index_preview import PreviewedIndexScreen

    actions = {**index.ACTIONS, **answering.ACTIONS, **index_out.ACTIONS, **index_tags.ACTIONS, **index_threads.ACTIONS}
    actions |= {**senders.ACTIONS, **mail_search.ON_MESSAGES, **mail_search.IN_INDEX}
    return _with_actions(PreviewedIndexScreen(request.request, request.seek), actions)


def _drafts(_request: requests.ShowDrafts) -> FrameScreen:
    from tuimail.ui.actions import drafts
    from tuimail.ui.screens.drafts import DraftsScreen

    return _with_actions(DraftsScreen(), drafts.ACTIONS)


def _sent(_request: requests.ShowSent) -> FrameScreen:
    from tuimail.ui.actions import sent
    from tuimail.ui.screens.sent import SentScreen

    return _with_actions(SentScreen(), sent.ACTIONS)


def _accounts(_request: requests.ShowAccounts) -> FrameScreen:
    from tuimail.ui.actions import accounts
    from tuimail.ui.screens.accounts import AccountsScreen

    return _with_actions(AccountsScreen(), accounts.ACTIONS)


def _setup(_request: requests.ShowSetup) -> FrameScreen:
    from tuimail.ui.actions import setup
    from tuimail.ui.screens.setup import SetupScreen

    return _with_actions(SetupScreen(), setup.ACTIONS)


def _setting_values(request: requests.ShowSettingValues) -> FrameScreen:
    from tuimail.ui.actions import setting_values
    from tuimail.ui.screens.setting_values import SettingValuesScreen

    return _with_actions(SettingValuesScreen(request.about, request.row), setting_values.ACTIONS)


def _add_account(_request: requests.ShowAddAccount) -> FrameScreen:
    from tuimail.ui.actions import add_account
    from tuimail.ui.screens.add_account import AddAccountScreen

    return _with_actions(AddAccountScreen(), add_account.ACTIONS)


def _journal(_request: requests.ShowJournal) -> FrameScreen:
    from tuimail.ui.actions import journal
    from tuimail.ui.screens.journal import JournalScreen

    return _with_actions(JournalScreen(), journal.ACTIONS)


def _server(request: requests.ShowServer) -> FrameScreen:
    from tuimail.ui.actions import server
    from tuimail.ui.screens.server import ServerScreen

    return _with_actions(ServerScreen(request.server), server.ACTIONS)


def _text(request: requests.ShowText) -> FrameScreen:
    from tuimail.ui.actions.movement import PAGER_ACTIONS
    from tuimail.ui.screens.text import TextScreen

    return _with_actions(TextScreen(request.title, request.text), PAGER_ACTIONS)


def _letter_text(request: requests.ShowLetterText) -> FrameScreen:
    from tuimail.ui.actions import letter_text
    from tuimail.ui.screens.letter_text import LetterTextScreen

    return _with_actions(LetterTextScreen(request.content), letter_text.ACTIONS)


def _help(request: requests.ShowHelp) -> FrameScreen:
    from tuimail.ui.actions.movement import PAGER_ACTIONS
    from tuimail.ui.screens.help import HelpScreen

    return _with_actions(HelpScreen(request.about), PAGER_ACTIONS)


def _palette(request: requests.ShowPalette) -> FrameScreen:
    from tuimail.ui.actions import palette
    from tuimail.ui.screens.palette import PaletteScreen

    return _with_actions(PaletteScreen(request.about), palette.ACTIONS)


def _composer(request: requests.ShowComposer) -> FrameScreen:
    from tuimail.ui.actions import compose
    from tuimail.ui.screens.compose import ComposeScreen

    return _with_actions(ComposeScreen(request.draft), compose.ACTIONS)


def _review(request: requests.ShowReview) -> FrameScreen:
    from tuimail.ui.actions import review
    from tuimail.ui.screens.send_dialog import SendDialog

    return _with_actions(SendDialog(request.draft, senders=request.senders), review.ACTIONS)


_MAKERS: dict[type[Request[Any]], Callable[[Any], FrameScreen]] = {
    requests.ShowMainMenu: _main_menu,
    requests.ShowMessage: _message,
    requests.ShowEmbeddedMessage: _embedded_message,
    requests.ShowAttachments: _attachments,
    requests.ShowOutbox: _outbox,
    requests.ShowItem: _item,
    requests.ShowDrafts: _drafts,
    requests.ShowFolders: _folders,
    requests.ShowIndex: _index,
    requests.ShowSent: _sent,
    requests.ShowAccounts: _accounts,
    requests.ShowSetup: _setup,
    requests.ShowSettingValues: _setting_values,
    requests.ShowAddAccount: _add_account,
    requests.ShowJournal: _journal,
    requests.ShowServer: _server,
    requests.ShowText: _text,
    requests.ShowLetterText: _letter_text,
    requests.ShowHelp: _help,
    requests.ShowPalette: _palette,
    requests.ShowComposer: _composer,
    requests.ShowReview: _review,
}
