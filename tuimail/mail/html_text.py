"""HTML as lines of text with numbered links. Pure, bounded, linear; nothing is fetched.

What a browser would hide (script, style, ``display:none``, ``font-size:0``, ``hidden``) is left out and counted. The
lines and targets are sanitised after decoding, because ``&#27;`` brings an ESC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from tuimail.mail.html_tokens import attributes, tokens
from tuimail.mail.text import safe_line

MOST_LINKS = 1000
"""Links that get a number."""
MOST_LINES = 50_000
DEEPEST_QUOTE = 50
_TARGET = 2000
"""Characters of a target that are shown."""
_LINK_TEXT = 300
"""Characters of a link's text that are compared with its target."""
_DEEPEST_LIST = 8

_VOID = frozenset(
    {"area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen"}
    | {"link", "meta", "param", "source", "track", "wbr"}
)
_DROPPED = frozenset({"script", "style", "title", "iframe", "noembed", "noframes", "template", "datalist"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "body", "center", "dd", "details", "dir", "div", "dl", "dt", "fieldset"}
    | {"figcaption", "figure", "footer", "form", "header", "html", "legend", "li", "main", "menu", "nav", "option"}
    | {"section", "select", "summary", "tr", "caption"}
)
_PARAGRAPHS = frozenset(
    {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul", "xmp"}
)
_LISTS = frozenset({"ul", "ol"})
_SCOPES = frozenset({"table", "tr", "td", "th", "caption"}) | _LISTS
"""What is open outside of one of these is not closed by an end tag within."""
_CLOSED_CELLS = {
    "td": frozenset({"td", "th", "caption"}) | _LISTS,
    "th": frozenset({"td", "th", "caption"}) | _LISTS,
    "tr": frozenset({"td", "th", "tr", "caption"}) | _LISTS,
}
"""Cells and rows that a start tag ends."""
_ACTING = frozenset({"a", "br", "hr", "img", "li", "td", "th"})
"""What does more at its start than break the line."""
_PREFORMATTED = frozenset({"listing", "pre", "textarea", "xmp"})
_ONE_AT_A_TIME = {"li": "li", "dt": "dd", "dd": "dt", "option": "option"}

_SPACE = re.compile(r"[ \t\n\r\f]+")
_NO_SIZE = re.compile(r"font-size:0(?:\.0*)?(?:px|pt|em|rem|%)?(?:;|!|$)")
_SIZE = re.compile(r"font-size:")
_NOT_SHOWN = re.compile(r"display:none|visibility:hidden")
_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,20}://)?(?:[^\s/@]{0,100}@)?((?:[a-z0-9-]{1,63}\.){1,10}[a-z]{2,63})(?![\w.@-])", re.I
)
_TARGET_HOST = re.compile(r"[a-z][a-z0-9+.-]{0,20}://(?:[^/?#@]*+@)?+([^/?#:]++)", re.I)


class HtmlLine(NamedTuple):
    """A line, safe to show."""

    text: str
    depth: int
    """Of quoting."""


class HtmlLink(NamedTuple):
    """A target; the text it belongs to ends in its number, as in ``text [4]``."""

    number: int
    target: str
    """Sanitised: shown as it is, and to be checked before it is opened."""
    misleading: bool
    """Its text names another host."""


@dataclass(frozen=True, slots=True)
class HtmlText:
    """What a reader sees of a document."""

    lines: tuple[HtmlLine, ...]
    links: tuple[HtmlLink, ...]
    hidden: int
    """Characters of text that the document hides."""
    images: int
    """Images, none of which was fetched."""
    cut: bool
    """There are more lines."""


class _State(NamedTuple):
    """What an element passes on to those within."""

    hidden: bool = False
    small: bool = False
    preformatted: bool = False
    depth: int = 0


def html_text(markup: str, *, first_link: int = 1) -> HtmlText:
    """The lines and links of ``markup``; links are numbered from ``first_link``."""
    return _Renderer(first_link).render(markup)


class _Lines:
    """The lines written so far and the one being written."""

    def __init__(self) -> None:
        self.lines: list[HtmlLine] = []
        self.cut = False
        self._pieces: list[str] = []
        self._gap = ""
        """White space that counts only if text follows."""
        self._blank = False
        """An empty line is wanted before the next one."""
        self.prefix = ""
        """Mark and indentation of a list's item, for its first line."""
        self.indent = ""

    @property
    def is_empty(self) -> bool:
        """Whether the current line has no text yet."""
        return not self._pieces

    def words(self, text: str) -> None:
        """Text whose white space has no meaning."""
        joined = _SPACE.sub(" ", text)
        bare = joined.strip(" ")
        if not bare:
            self._gap = self._gap or joined
            return
        if self._pieces and (self._gap or joined[0] == " "):
            self._pieces.append(self._gap or " ")
        self._pieces.append(bare)
        self._gap = " " if joined[-1] == " " else ""

    def cell(self) -> None:
        """What follows stands in the next cell of the row."""
        self._gap = "  "

    def verbatim(self, text: str, depth: int) -> None:
        """Text whose white space and line ends have a meaning."""
        first, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if first:
            self._pieces.append(first)
        for line in others:
            self.end_line(depth, even_if_empty=True)
            if line:
                self._pieces.append(line)

    def mark(self, text: str, *, since: int) -> None:
        """``text`` behind what was written, if that is not from before line ``since``."""
        if self._pieces:
            self._pieces.append(f" {text}")
        elif len(self.lines) > since and not self.cut:
            self.lines[-1] = HtmlLine(f"{self.lines[-1].text} {text}", self.lines[-1].depth)
        else:
            self._pieces.append(text)

    def end_line(self, depth: int, *, even_if_empty: bool = False) -> None:
        """The next text begins a line."""
        self._gap = ""
        if not self._pieces and not even_if_empty:
            return
        if len(self.lines) >= MOST_LINES:
            self.cut = True
            self._pieces.clear()
            return
        text = safe_line("".join(self._pieces).expandtabs()).rstrip()
        self._pieces.clear()
        if not text:
            self._blank = True
            return
        if self._blank and self.lines:
            self.lines.append(HtmlLine("", min(depth, self.lines[-1].depth)))
        self._blank = False
        self.lines.append(HtmlLine(f"{self.prefix or self.indent}{text}", depth))
        self.prefix = ""

    def paragraph(self, depth: int) -> None:
        """An empty line stands before the next text."""
        self.end_line(depth)
        self._blank = True


class _Links:
    """Numbers targets."""

    def __init__(self, first: int) -> None:
        self.links: list[HtmlLink] = []
        self._first = first
        self._numbers: dict[tuple[str, bool], int] = {}

    def number(self, target: str, text: str) -> int:
        """The number of ``target``; 0 if there are too many."""
        shown = safe_line(target[:_TARGET])
        misleading = _names_another_host(text, target)
        known = self._numbers.get((shown, misleading))
        if known is not None:
            return known
        if len(self.links) >= MOST_LINKS:
            return 0
        number = self._first + len(self.links)
        self.links.append(HtmlLink(number, shown, misleading))
        self._numbers[shown, misleading] = number
        return number


class _Renderer:
    """Reads one document."""

    def __init__(self, first_link: int) -> None:
        self._out = _Lines()
        self._links = _Links(first_link)
        self._state = _State()
        self._open: list[tuple[str, _State]] = []
        """Open elements, each with the state outside of it."""
        self._counts: list[dict[str, int]] = [{}]
        """How many elements of a name are open, for each scope."""
        self._scopes: list[str] = []
        self._lists: list[int] = []
        """Number of the next item of each open list; 0 if it has no numbers."""
        self._target = ""
        self._link_text: list[str] = []
        self._link_length = 0
        self._link_line = 0
        """Lines there were when it began."""
        self._hidden = 0
        self._images = 0

    def render(self, markup: str) -> HtmlText:
        for name, closes, text in tokens(markup):
            if not name:
                self._text(text)
            elif closes:
                self._end(name)
            else:
                self._start(name, text)
        self._end_link()
        self._out.end_line(self._state.depth)
        return HtmlText(tuple(self._out.lines), tuple(self._links.links), self._hidden, self._images, self._out.cut)

    def _text(self, text: str) -> None:
        state = self._state
        if state.hidden or state.small:
            self._hidden += len(text.strip()) if not self._in_code() else 0
            return
        if self._target and self._link_length < _LINK_TEXT:
            self._link_text.append(text[:_LINK_TEXT])
            self._link_length += len(text)
        if state.preformatted:
            self._out.verbatim(text, state.depth)
        else:
            self._out.words(text)

    def _in_code(self) -> bool:
        return bool(self._open) and self._open[-1][0] in _DROPPED

    def _start(self, name: str, written: str) -> None:
        if name in _CLOSED_CELLS:
            while self._scopes and self._scopes[-1] in _CLOSED_CELLS[name]:
                self._pop_scope()
        elif name in _ONE_AT_A_TIME:
            self._close(name)
            self._close(_ONE_AT_A_TIME[name])
        if name in _PARAGRAPHS or name in _BLOCKS:
            self._close("p")
        if name in _LISTS:
            self._lists.append(1 if name == "ol" else 0)
        outside = self._state
        self._state = _within(outside, name, written)
        self._boundary(name, outside.depth)
        if not self._state.hidden and not self._state.small:
            if name in _ACTING:
                self._begin(name, written)
        elif name == "img":
            self._images += 1
        if name in _VOID:
            self._state = outside
            return
        self._open.append((name, outside))
        if name in _SCOPES:
            self._scopes.append(name)
            self._counts.append({})
        else:
            counts = self._counts[-1]
            counts[name] = counts.get(name, 0) + 1

    def _begin(self, name: str, written: str) -> None:
        """What a start tag does besides breaking the line."""
        if name == "a":
            self._end_link()
            href = attributes(written).get("href", "").strip()
            self._target = "" if href.startswith("#") else href
            self._link_line = len(self._out.lines)
        elif name == "img":
            self._image(attributes(written))
        elif name == "br":
            self._out.end_line(self._state.depth, even_if_empty=True)
        elif name == "hr":
            self._out.words("─" * 20)
            self._out.paragraph(self._state.depth)
        elif name in ("td", "th") and not self._out.is_empty:
            self._out.cell()
        elif name == "li":
            self._item()

    def _image(self, named: dict[str, str]) -> None:
        self._images += 1
        alt = named.get("alt", "").strip()
        if alt:
            self._out.words(f" [image: {alt}] ")
            self._link_text.append(alt[:_LINK_TEXT])
        elif "alt" not in named and not {named.get("width", ""), named.get("height", "")} & {"0", "1", "2"}:
            self._out.words(" [image] ")

    def _item(self) -> None:
        depth = min(len(self._lists), _DEEPEST_LIST)
        before = "  " * max(0, depth - 1)
        mark = "* "
        if self._lists and self._lists[-1]:
            mark = f"{self._lists[-1]}. "
            self._lists[-1] += 1
        self._out.prefix = before + mark
        self._out.indent = before + " " * len(mark)

    def _boundary(self, name: str, depth: int) -> None:
        """Break the line where an element begins or ends."""
        if name in _PARAGRAPHS and not (name in _LISTS and len(self._lists) > 1):
            self._out.paragraph(depth)
        elif name in _BLOCKS or name in _LISTS:
            self._out.end_line(depth)

    def _end(self, name: str) -> None:
        if name == "br":
            self._start("br", "")
        elif name == "table":
            if "table" in self._scopes:
                while self._pop_scope() != "table":
                    pass
        elif name in _SCOPES:
            closed = _LISTS if name in _LISTS else _CLOSED_CELLS["tr" if name == "tr" else "td"]
            while self._scopes and self._scopes[-1] in closed:
                if self._pop_scope() == name:
                    break
        elif not self._close(name) and name == "p":
            self._out.paragraph(self._state.depth)

    def _close(self, name: str) -> bool:
        """End the innermost ``name`` of this scope with all that is open within; False if there is none."""
        if not self._counts[-1].get(name):
            return False
        while self._pop() != name:
            pass
        return True

    def _pop_scope(self) -> str:
        while (name := self._pop()) not in _SCOPES:
            pass
        return name

    def _pop(self) -> str:
        name, outside = self._open.pop()
        if name in _SCOPES:
            self._scopes.pop()
            self._counts.pop()
        else:
            self._counts[-1][name] -= 1
        if name == "a":
            self._end_link()
        self._boundary(name, self._state.depth)
        if name in _LISTS and self._lists:
            self._lists.pop()
        if name in _LISTS or name == "li":
            self._out.prefix = ""
            self._out.indent = "  " * min(len(self._lists), _DEEPEST_LIST)
        self._state = outside
        return name

    def _end_link(self) -> None:
        if self._target:
            number = self._links.number(self._target, "".join(self._link_text)[:_LINK_TEXT])
            if number:
                self._out.mark(f"[{number}]", since=self._link_line)
        self._target = ""
        self._link_text.clear()
        self._link_length = 0


def _within(outside: _State, name: str, written: str) -> _State:
    """The state within an element."""
    hidden, small, preformatted, depth = outside
    if name in _DROPPED:
        hidden = True
    elif name in _PREFORMATTED:
        preformatted = True
    elif name == "blockquote":
        depth = min(depth + 1, DEEPEST_QUOTE)
    elif not written:
        return outside
    if written:
        lower = written.lower()
        if "hidden" in lower or "style" in lower:
            named = attributes(lower)
            style = _SPACE.sub("", named.get("style", ""))
            hidden = hidden or "hidden" in named or _NOT_SHOWN.search(style) is not None
            # Newsletters set it to 0 around what has a size of its own again.
            small = _NO_SIZE.search(style) is not None if _SIZE.search(style) else small
    return _State(hidden, small, preformatted, depth)


def _names_another_host(text: str, target: str) -> bool:
    """Whether a link's text looks like the address of a place that is not its target's."""
    named = _HOST.match(text.strip())
    if named is None or "@" in text:
        return False
    host = _TARGET_HOST.match(target.strip())
    if host is None:
        return "://" in text
    shown, real = (each.lower().removeprefix("www.").rstrip(".") for each in (named[1], host[1]))
    return shown != real and not real.endswith(f".{shown}") and not shown.endswith(f".{real}")
