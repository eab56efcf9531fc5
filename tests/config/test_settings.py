"""The settings that can be changed from inside are those of the loader, and are typed and read in the same form."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.config.test_loader import FILE, WHOLE
from tuimail.config.loader import fault_of, parse
from tuimail.config.model import MOST_UNDO_SECONDS
from tuimail.config.reading import dotted
from tuimail.config.setting_text import meant, typed_form, value_words
from tuimail.config.settings import GROUPS, Setting, SettingKind, groups_of
from tuimail.config.toml_edit import set_value, value_at, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = """\
[accounts.work]
address = "ada@example.org"
[[accounts.work.identities]]
address = "ada@board.example"
[accounts.work.submission]
host = "smtp.example.org"
[accounts.work.imap]
host = "imap.example.org"
[accounts.work.policy]
Lists = "headers"
"""
ALL = [each for group in groups_of(tomllib.loads(ACCOUNT)) for each in group.settings]
OTHERS = {
    SettingKind.KEYMAP: "mutt",
    SettingKind.THEME: "paper",
    SettingKind.ACCOUNT: "work",
    SettingKind.NUMBER: 7,
    SettingKind.LINES: "Ada\n\tback\\slash",
    SettingKind.LIST: ["INBOX", 'a "b", c', "d,"],
    SettingKind.IDENTITY: {"address": "c@example.org", "name": "The Countess"},
    SettingKind.COMMAND: ["lpr", "-P", "the office"],
}
TAKEN = {SettingKind.CHOICE, SettingKind.ACCOUNT}
"""What is taken from a list is not looked at before it is written."""
TEXTS = {"address": "ada@home.example", "rate": "20/min"}


def by_name(path: str) -> Setting:
    return next(each for each in ALL if dotted(each.path) == path)


def others(setting: Setting) -> Iterator[Any]:
    """Values that it may have, besides its default."""
    if setting.kind is SettingKind.CHOICE:
        there = value_at(tomllib.loads(ACCOUNT), setting.path)
        yield from (each for each in setting.choices if each not in (setting.default, there))
    elif setting.kind is SettingKind.FOLDER:
        return
    elif setting.kind is SettingKind.FLAG:
        yield not setting.default
    elif setting.path[-1] == "aliases":
        yield ["countess@example.org", "a@example.org"]
    elif setting.kind is SettingKind.TEXT:
        yield TEXTS.get(str(setting.path[-1]), "something")
    else:
        yield OTHERS[setting.kind]


@pytest.mark.parametrize("setting", ALL, ids=lambda each: dotted(each.path))
def test_the_loader_takes_every_value_and_has_the_default_without_it(setting: Setting) -> None:
    usual = parse(ACCOUNT, FILE)
    assert usual.problems == ()
    for value in others(setting):
        changed = parse(set_value(ACCOUNT, setting.path, value), FILE)
        assert [each for each in changed.problems if not each.warning] == []
        # A new letter is written from the only account anyway.
        assert changed != usual or setting.kind is SettingKind.ACCOUNT, "the loader reads it"
        if setting.kind is not SettingKind.FLAG:
            assert meant(setting, typed_form(setting, value)) == value
        if setting.kind not in TAKEN:
            assert fault_of(setting.path, value, FILE) == ""
    if setting.default not in (None, "", ()) and setting.path[-1] != "*":
        same = parse(set_value(ACCOUNT, setting.path, setting.default), FILE)
        assert same == usual, "the default of the table is that of the loader"


@pytest.mark.parametrize("setting", ALL, ids=lambda each: dotted(each.path))
def test_an_explanation_is_a_sentence_that_fits(setting: Setting) -> None:
    assert len(setting.name) <= 32
    assert len(setting.explanation) <= 140
    assert setting.explanation.endswith((".", "office", "NAME", "<board@example.org>"))
    assert setting.kind is not SettingKind.CHOICE or len(setting.choices) > 1


@pytest.mark.parametrize(
    ("path", "typed", "fault"),
    [
        ("outbox.undo_seconds", str(MOST_UNDO_SECONDS), ""),
        ("outbox.undo_seconds", str(MOST_UNDO_SECONDS + 1), "from 0 to 3600, not 3601"),
        ("outbox.undo_seconds", "soon", 'not "soon"'),
        ("outbox.undo_seconds", "nan", "from 0 to 3600"),
        ("outbox.undo_seconds", "9" * 400, "from 0 to 3600"),
        ("reading.mark_seen", "never", ""),
        ("reading.mark_seen", "2.5", ""),
        ("reading.mark_seen", "-1", 'or "never"'),
        ("accounts.work.submission.connections", "17", "from 1 to 16"),
        ("accounts.work.submission.connections", "2.5", "whole number"),
        ("accounts.work.submission.rate", "many", "100/h"),
        ("accounts.work.address", "ada", "plain address"),
        ("accounts.work.address", "", "plain address"),
        ("accounts.work.aliases", "a@b.example, nobody", "plain address"),
        ("ui.editor", " ", "Must not be empty"),
    ],
)
def test_what_is_typed_is_judged_by_the_loader(path: str, typed: str, fault: str) -> None:
    setting = by_name(path)
    said = fault_of(setting.path, meant(setting, typed), FILE)
    assert fault in said
    assert bool(fault) == bool(said)


def test_a_quote_that_is_not_closed_is_said() -> None:
    with pytest.raises(ValueError, match="A quote is not closed"):
        meant(by_name("reading.print"), 'lpr -o "sides=two')


@given(st.text(st.characters(exclude_characters="\r\n"), max_size=200))
def test_whatever_is_typed_gives_a_value_or_a_sentence(typed: str) -> None:
    for setting in ALL:
        try:
            value = meant(setting, typed)
        except ValueError:
            assert setting.kind in (SettingKind.COMMAND, SettingKind.IDENTITY), "it need not be one"
            continue
        assert isinstance(fault_of(setting.path, value, FILE), str)
        assert isinstance(value_words(setting, value), str)


@given(st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20), min_size=1, max_size=4))
def test_a_list_is_read_as_it_is_shown(texts: list[str]) -> None:
    setting = by_name("accounts.work.notify")
    assert meant(setting, typed_form(setting, texts)) == texts


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("reading.mark_seen", 1, "1 second"),
        ("reading.mark_seen", 1.5, "1.5 seconds"),
        ("reading.mark_seen", "never", "never"),
        ("ui.bell", False, "no"),
        ("accounts.work.notify", [], "no folder"),
        ("accounts.work.folders.junk", "", "found by itself"),
        ("accounts.work.signature", "Ada\nBoard", r"Ada\nBoard"),
        ("reading.print", ("lpr", "a b"), "lpr 'a b'"),
    ],
)
def test_a_value_is_shown_in_words(path: str, value: object, words: str) -> None:
    assert value_words(by_name(path), value) == words


def test_an_account_has_the_settings_that_fit_it() -> None:
    values = values_of(
        '[accounts.work]\naddress = "a@b.example"\n[accounts.work.submission]\nhost = "h.example"\n'
        '[accounts.home]\naddress = "a@c.example"\n[accounts.home.maildir]\npath = "Mail"\n'
    )
    *general, work, home = groups_of(values)
    assert general == list(GROUPS)
    named = [{each.path[2] for each in group.settings} for group in (work, home)]
    assert named[0] == {"address", "name", "aliases", "signature", "identities", "sent", "submission"}
    assert named[1] == {"address", "name", "aliases", "signature", "identities", "sent", "notify", "folders"}
    assert work.title == "Account work"


def test_a_value_is_found_where_it_is() -> None:
    values = values_of(WHOLE)
    assert value_at(values, ("accounts", "work", "name")) == "Ada Lovelace"
    assert value_at(values, ("accounts", "work", "name", "more")) is None
    assert value_at({}, ("ui", "bell")) is None


def test_a_file_that_is_no_table_where_one_belongs_has_no_accounts() -> None:
    assert groups_of({"accounts": 3}) == GROUPS
    assert groups_of({"accounts": {"work": 3}}) == GROUPS
