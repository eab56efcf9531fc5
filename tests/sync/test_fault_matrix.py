"""Which test proves what happens when something fails at a point of sync and replay, by point and by fault.

Cells that no test names are not proven: the ones that are missing here are to be written.
"""

from __future__ import annotations

import ast
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import changed_account
from tests.support.imap_gate import imap_gate
from tests.sync.synced_user import SyncedUser, set_clock
from tuimail.config import secrets

if TYPE_CHECKING:
    from tests.support.dovecot import Dovecot

TESTS = Path(__file__).parents[1]
KILL, POWER, LINK, DISK, LIES = "kill -9", "power cut", "net down", "disk full", "server lies"
VALIDITY, OTHER, SECOND, CACHE = "UIDVALIDITY", "second client", "second tuimail", "corrupt cache"

_RIG = "proof/test_proof.py::test_a_small_run_loses_and_doubles_nothing"
_CUT = "sync/test_imap_crash_with_dovecot.py::test_a_link_that_is_cut_at_a_command_loses_and_doubles_nothing"
_TWO = "sync/test_imap_two_clients_with_dovecot.py::test_two_clients_end_with_the_same_view"
_SYNC = "sync/test_imap_sync.py::"
_REPLAY = "sync/test_imap_replay.py::"
_BODIES = "sync/test_imap_bodies.py::"
_STORE = "journal/test_store.py::"
_UNDO = "journal/test_undo.py::"
_FULL = "sync/test_imap_disk_full_with_dovecot.py::test_a_disk_that_is_full_for_a_while_loses_and_doubles_nothing"
_FIRST_FULL = "sync/test_imap_disk_full_with_dovecot.py::test_a_disk_that_is_full_at_the_first_sync_costs_nothing"
_ANEW = "sync/test_imap_new_validity_with_dovecot.py::test_numbered_anew_in_the_middle"
_WAITED = "sync/test_imap_new_validity_with_dovecot.py::test_what_waits_goes_on_with_the_letters_that_are_recognised"
_HANDED = "engine/test_two_programs_with_dovecot.py::test_the_second_takes_over_and_goes_on_with_what_waits"
_LOST_CACHE = "sync/test_fault_matrix.py::test_what_waits_does_not_need_the_cache"

PROVEN = {
    "1 LIST": {
        KILL: _RIG,
        LINK: _CUT,
        LIES: _SYNC + "test_an_empty_list_of_folders_costs_nothing",
        POWER: _RIG,
        DISK: _FIRST_FULL,
        SECOND: _HANDED,
    },
    "2 SELECT": {
        KILL: _RIG,
        LINK: _CUT,
        LIES: _SYNC + "test_uidnext_is_wrong",
        OTHER: _TWO,
        POWER: _RIG,
        DISK: _FULL,
        VALIDITY: _ANEW,
        SECOND: _HANDED,
    },
    "3 batch fetched, not stored": {
        KILL: _RIG,
        LINK: _CUT,
        LIES: _SYNC + "test_one_message_is_refused_and_comes_a_day_later",
        VALIDITY: _SYNC + "test_messages_are_recognised_when_their_uids_are_others",
        OTHER: _TWO,
        POWER: _RIG,
        DISK: _FIRST_FULL,
        SECOND: _HANDED,
    },
    "4 batch committed, state not": {
        KILL: _SYNC + "test_what_is_known_of_a_mailbox_moves_with_the_last_rows_it_speaks_of",
        POWER: _RIG,
        DISK: _FIRST_FULL,
    },
    "5 vanished": {
        LIES: _SYNC + "test_all_is_said_to_have_vanished",
        OTHER: _TWO,
        KILL: _RIG,
        POWER: _RIG,
        DISK: _FULL,
    },
    "6 body being fetched": {
        KILL: "cache/test_bodies.py::test_what_a_crash_left_unfinished_goes_after_a_day",
        LINK: _CUT,
        DISK: _BODIES + "test_when_the_disk_is_full_what_was_opened_longest_ago_goes",
        LIES: _BODIES + "test_a_server_that_gives_more_than_it_said_is_stopped",
        VALIDITY: _BODIES + "test_other_uids_never_count_as_kept_by_what_was_kept_before",
        CACHE: "cache/test_bodies.py::test_a_damaged_file_is_removed_and_never_read",
        POWER: "cache/test_bodies.py::test_a_name_without_its_bytes_does_not_count_as_kept",
    },
    "7 body put, row not": {KILL: _RIG, POWER: _RIG, DISK: _FULL},
    "8 words": {
        KILL: "sync/test_fulltext_sync.py::test_killed_at_a_step_each_letter_is_indexed_once_and_none_is_left_out",
        DISK: "engine/test_maildir_faults.py::"
        "test_the_text_index_cannot_be_written_is_told_once_and_it_goes_on_when_there_is_room",
        SECOND: "engine/test_two_programs.py::"
        "test_texts_are_indexed_by_the_program_that_has_the_account_and_found_by_both",
        CACHE: "engine/test_damaged_cache.py::test_the_full_text_index",
    },
    "9 key pressed, journal not committed": {
        KILL: _STORE + "test_killed_at_any_moment_nothing_told_is_lost",
        DISK: _STORE + "test_a_full_disk_changes_nothing",
        SECOND: _STORE + "test_another_process_that_writes_for_long",
    },
    "10 waiting": {
        KILL: _RIG,
        LINK: _CUT,
        VALIDITY: _WAITED,
        OTHER: _TWO,
        SECOND: _HANDED,
        CACHE: _LOST_CACHE,
        POWER: _RIG,
        DISK: _FULL,
    },
    "11 marked, command not out": {KILL: _RIG, LINK: _CUT, OTHER: _TWO, POWER: _RIG, DISK: _FULL, VALIDITY: _ANEW},
    "12 command out, no reply": {KILL: _RIG, LINK: _CUT, OTHER: _TWO, POWER: _RIG, DISK: _FULL, VALIDITY: _ANEW},
    "13 reply, not stored": {
        KILL: _RIG,
        LINK: _CUT,
        LIES: _REPLAY + "test_a_copyuid_that_contradicts_the_mark_is_not_believed",
        OTHER: _TWO,
        POWER: _RIG,
        DISK: _FULL,
        VALIDITY: _ANEW,
    },
    "14 between COPY and EXPUNGE": {KILL: _RIG, LINK: _CUT, OTHER: _TWO, POWER: _RIG, DISK: _FULL, VALIDITY: _ANEW},
    "15 done, not projected": {KILL: _RIG, OTHER: _TWO, POWER: _RIG, DISK: _FULL},
    "16 undo": {
        KILL: _UNDO + "test_killed_at_each_statement_all_of_a_command_is_undone_or_nothing",
        DISK: "engine/test_maildir_faults.py::test_what_was_done_cannot_be_undone_while_the_journal_cannot_be_written",
        LINK: _REPLAY + "test_a_chain_offline_and_its_undo",
        VALIDITY: "sync/test_imap_new_validity_with_dovecot.py::"
        "test_what_was_done_is_undone_by_name_and_never_by_an_old_uid",
        OTHER: _TWO,
        SECOND: _UNDO + "test_of_two_processes_that_undo_the_same_each_command_is_undone_once",
    },
    "17 schema change": {CACHE: _STORE + "test_damage_and_a_newer_version_are_told"},
    "18 Maildir rename": {KILL: "engine/test_two_programs.py::test_killed_at_random_moments"},
}


@pytest.mark.parametrize("point", PROVEN)
def test_the_tests_that_are_named_exist(point: str) -> None:
    for place in PROVEN[point].values():
        path, _, name = place.partition("::")
        tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        assert name in {each.name for each in ast.walk(tree) if isinstance(each, functions)}, place


@pytest.mark.real_servers
def test_what_waits_does_not_need_the_cache(
    dovecot: Dovecot, tmp_path: Path, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_clock(monkeypatch, now)
    with imap_gate(dovecot) as gate:
        user = SyncedUser(gate, tmp_path, now)
        changed_account.prepare(dovecot, user.name)
        user.sync()
        with closing(user.journal()) as journal:
            changed_account.act(dovecot, user.name, journal)
        shutil.rmtree(user.paths.cache)
        user.sync_to_the_end()
        assert changed_account.wrong(dovecot, user.account, user.paths, expunged=True) == (0, 0, ())
    secrets.forget("work")
