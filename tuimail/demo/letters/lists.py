"""A mailing list: two threads, a patch, and one who wants to leave."""

from __future__ import annotations

from tuimail.clock import DAY, HOUR, MINUTE
from tuimail.demo.letters.message import NEW, SampleMessage
from tuimail.demo.letters.parts import multipart, text_part

_FOLDER = "Lists/Engines"
_LIST = ("engines-list",)
_HEADERS = (
    ("List-Id", "Engines of every kind <engines.lists.example>"),
    ("List-Post", "<mailto:engines@lists.example>"),
    ("List-Help", "<mailto:engines-request@lists.example?subject=help>"),
    ("List-Unsubscribe", "<https://lists.example/engines/leave?token=1843>,\n <mailto:engines-leave@lists.example>"),
    ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ("List-Archive", "<https://lists.example/engines/>"),
    ("Precedence", "list"),
)

_PATCH = """\
From 1f8a6c0e3b5d7f9012a4c6e8f0a2b4c6d8e0f2a4 Mon Sep 17 00:00:00 2001
From: Sophie Germain <sophie@academie.example>
Subject: [PATCH] carriage: warn before the carry, not after

The warning lever fell one step late when all wheels stood at nine.

Signed-off-by: Sophie Germain <sophie@academie.example>
---
 carriage.cards | 6 +++---
 1 file changed, 3 insertions(+), 3 deletions(-)

diff --git a/carriage.cards b/carriage.cards
index 83db48f..bf2696c 100644
--- a/carriage.cards
+++ b/carriage.cards
@@ -3,7 +3,7 @@
 lever   raise
 barrel  turn 1
-wheel   advance
-lever   warn
+lever   warn
+wheel   advance
 lever   fall
-barrel  turn 2
+barrel  turn 1
 stop
--\x20
2.47.0
"""


def _patch(text: str, _now: float) -> bytes:
    patch = text_part(_PATCH.rstrip("\n"), kind="x-patch")
    name = b'Content-Disposition: attachment; filename="0001-carriage-warn-before-the-carry-not-after.patch"\n'
    return multipart("mixed", text_part(text), name + patch)


def _post(
    key: str, sender: str, ago: float, subject: str, text: str, answers: str = "", flags: str = "S"
) -> SampleMessage:
    folder, headers = ("Sent", ()) if sender == "ada" else (_FOLDER, _HEADERS)
    return SampleMessage(
        key, sender, ago, subject, text, answers=answers, to=_LIST, folder=folder, flags=flags, headers=headers,
    )  # fmt: skip


LISTS = (
    _post("cards-1", "evariste", 7 * DAY, "[engines] Cards or drums?",
          "I write in haste, I have a duel tomorrow. Why cards? A drum with pins is cheaper, and it cannot be dropped"
          " on the"
          " stairs."),
    _post("cards-2", "sophie", 6.9 * DAY, "",
          "{quote}\n\nA drum is as long as its circumference. A chain of cards is as long as your patience.",
          "cards-1"),
    _post("cards-3", "gauss", 6.8 * DAY, "", "I had this in 1799. I did not publish it.", "cards-1"),
    _post("cards-4", "ada", 6.7 * DAY, "",
          "{quote}\n\nAnd a chain may be turned back. Has anybody tried to let the engine choose how far?", "cards-2"),
    _post("cards-5", "charles", 6.6 * DAY, "",
          "{quote}\n\nIt is in drawing 86, which I cannot find.", "cards-4"),
    _post("cards-6", "sophie", 6.5 * DAY, "", "{quote}\n\nThen let the engine choose the drawing.", "cards-5"),
    _post("cards-7", "crosse", 6.4 * DAY, "", "Has anybody tried lightning?", "cards-4"),
    _post("cards-8", "clement", 6.2 * DAY, "", "No lightning in my workshop.", "cards-7"),
    _post("cards-9", "pafnuty", 5 * DAY, "",
          "{quote}\n\nIn Petersburg we use cranks. They are well approximated by circles.", "cards-2", ""),
    SampleMessage(
        "patch-1", "sophie", 30 * HOUR, "[engines] [PATCH] carriage: warn before the carry, not after",
        "The patch is attached. Tested on paper.",
        to=_LIST, folder=_FOLDER, flags="F", headers=_HEADERS, body=_patch,
    ),
    _post("patch-2", "charles", 28 * HOUR, "",
          "Reviewed-by: Charles Babbage <charles@engines.example>\n\nI should have done it more elegantly, but I"
          " should not have"
          " done it.", "patch-1", ""),
    _post("patch-3", "gauss", 26 * HOUR, "", "Trivial. I had this in 1801.", "patch-1", ""),
    _post("leave", "dickens", 4 * HOUR, "[engines] unsubscribe", "unsubscribe", "", NEW),
    _post("leave-2", "augustus", 3.5 * HOUR, "",
          "{quote}\n\nThe way out is in the header of every letter, Charles: List-Unsubscribe. The rest of us have"
          " now all left"
          " you.", "leave", NEW),
    _post("meeting", "wheatstone", 25 * MINUTE, "[engines] Minutes of the meeting of the 24th",
          "Present: eleven members and one engine.\n\n1. The engine was declared a member.\n2. The engine abstained.\n"
          "3. Mr Crosse's apparatus banged twice.\n\nThe meeting was adjourned to let in some air.", "", NEW),
)  # fmt: skip
