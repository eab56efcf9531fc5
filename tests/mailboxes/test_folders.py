"""Which mailbox is for sent letters, on servers of all habits."""

from __future__ import annotations

import pytest

from tuimail.mailboxes.folders import Mailbox, find_sent, new_sent, read_list, read_personal_prefix, uids


def listed(*lines: bytes) -> tuple[Mailbox, ...]:
    return read_list([(b"* LIST " + line,) for line in lines])


@pytest.mark.parametrize(
    ("lines", "sent"),
    [
        ([b'(\\HasNoChildren) "/" INBOX', b'(\\Sent) "/" Gesendet', b'() "/" Sent'], "Gesendet"),
        ([b'() "/" "[Gmail]/Sent Mail"', b'() "/" INBOX'], "[Gmail]/Sent Mail"),
        ([b'() "." INBOX.Sent', b'() "." INBOX'], "INBOX.Sent"),
        ([b'() "/" "Sent Items"', b'() "/" "Sent Messages"'], "Sent Messages"),
        ([b'(\\Noselect \\Sent) "/" Sent', b'() "/" "sent items"'], "sent items"),
        ([b'() "/" Archive/old/Sent', b'() "/" Archive/Sent'], None),
        ([b'(\\NonExistent \\Sent) "/" Sent'], None),
        ([], None),
    ],
)
def test_the_mailbox_for_sent_letters(lines: list[bytes], sent: str | None) -> None:
    found = find_sent(listed(*lines))
    assert (found.name if found else None) == sent


def test_names_with_control_characters_and_lines_without_sense_are_left_out() -> None:
    responses = [
        (b'* LIST () "/" ', b"a\r\nb", b""),
        (b'* LIST () "/" "x\x1b]0;t\x07"',),
        (b"* LIST",),
        (b"* LIST () ",),
        (b'* LIST "no list" "/" x',),
        (b'* LIST (((( "/" x',),
        (b'* LIST () "/" ""',),
        (b'* LIST () "/" "../../.ssh/x"',),
        (b'* LIST () "/" "caf\xe9"',),
    ]
    assert [mailbox.wire for mailbox in read_list(responses)] == ["../../.ssh/x", "caf\udce9"]


@pytest.mark.parametrize(
    ("line", "prefix"),
    [
        (b'* NAMESPACE (("INBOX." ".")) NIL NIL', "INBOX."),
        (b'* NAMESPACE (("" "/")) (("~" "/")) NIL', ""),
        (b"* NAMESPACE NIL NIL NIL", ""),
        (b"* NAMESPACE (((", ""),
    ],
)
def test_a_new_mailbox_is_made_in_the_personal_namespace(line: bytes, prefix: str) -> None:
    assert read_personal_prefix([(line,)]) == prefix
    assert new_sent(prefix) == Mailbox(f"{prefix}Sent", listed=False)


def test_numbers_of_a_search() -> None:
    assert uids([(b"* 3 EXISTS",), (b"* SEARCH 4 17",), (b"* SEARCH",), (b"* SEARCH x 9 (MODSEQ 12)",)]) == (4, 17, 9)
