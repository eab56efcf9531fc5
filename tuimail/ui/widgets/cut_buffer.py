"""What ^K cut, for ^U: lines cut one after another gather, as in pine. Pure."""

from __future__ import annotations


class CutBuffer:
    """Shared by the header fields and the body of one composer."""

    def __init__(self) -> None:
        self.text = ""
        self._gathering = False

    def gather(self, text: str) -> None:
        """Add a cut line to the lines cut just before it, or begin anew."""
        self.text = self.text + text if self._gathering else text

    def take(self, text: str) -> None:
        """Replace what was cut before by a region."""
        self.text = text

    def go_on(self) -> None:
        """The next line cut is added to this one, unless something happens in between."""
        self._gathering = True

    def pause(self) -> None:
        """Something else was done: the next line cut begins anew."""
        self._gathering = False
