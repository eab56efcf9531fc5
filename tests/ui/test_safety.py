"""The last nets: output and pasted input."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual import events
from textual.color import Color

from tuimail.ui.safety import PasteCleaner, StripActing, guard_input

OPEN, CLOSE = "\x1b[200~", "\x1b[201~"


def test_nothing_that_acts_on_the_terminal_leaves_a_segment() -> None:
    segments = [Segment("a\x1b]52;c;x\x07b\x9b2J\u202ec\u200dd")]
    assert "".join(each.text for each in StripActing().apply(segments, Color(0, 0, 0))) == "a]52;c;xb2Jc\u200dd"


def test_an_escape_inside_a_paste_is_no_key() -> None:
    assert PasteCleaner().feed(f"{OPEN}hi\x1b\x18there\n{CLOSE}\x1b[A") == f"{OPEN}hithere\n{CLOSE}\x1b[A"


@given(st.text(alphabet="ab\x1b\x18[201~\n", max_size=30), st.integers(1, 60))
def test_a_paste_is_clean_however_it_is_cut_into_reads(pasted: str, cut: int) -> None:
    pasted = pasted.replace(CLOSE, "")
    stream = f"x{OPEN}{pasted}{CLOSE}"
    cleaner = PasteCleaner()
    out = cleaner.feed(stream[:cut]) + cleaner.feed(stream[cut:])
    inside = out.partition(OPEN)[2] if OPEN in out else ""
    assert "\x18" not in inside.removesuffix(CLOSE) or cut <= len(OPEN)


def test_the_driver_gets_a_parser_that_cleans_pastes() -> None:
    guard_input()
    guard_input()
    from textual.drivers import linux_driver

    parser = linux_driver.XTermParser()  # type: ignore[attr-defined]
    messages = [*parser.feed(f"{OPEN}hi\x1b\x18!{CLOSE}")]
    assert [message.text for message in messages if isinstance(message, events.Paste)] == ["hi!"]
    assert not [message for message in messages if isinstance(message, events.Key)]
