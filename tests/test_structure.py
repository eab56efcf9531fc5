"""Bounds on the structure of the code that no linter checks: inheritance, and what one has to scroll through."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[1] / "tuimail"

LEVELS = 4
"""Our own classes that one class may inherit through, itself included."""
CLASS_LINES = 240
FUNCTION_LINES = 55


class Definition(NamedTuple):
    """A class or function, and where it is."""

    place: str
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def lines(self) -> int:
        return (self.node.end_lineno or self.node.lineno) - self.node.lineno + 1


@cache
def _trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def _definitions() -> list[Definition]:
    return [
        Definition(f"{path}: {node.name}", node)
        for path, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def _bases(node: ast.ClassDef) -> list[str]:
    named = (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)
    return [base.id for base in named if isinstance(base, ast.Name)]


def test_no_class_is_the_top_of_a_tower() -> None:
    """What a method does can be read in its class and those it directly builds on. Errors may form a tree."""
    classes = [(place, node) for place, node in _definitions() if isinstance(node, ast.ClassDef)]
    bases = {node.name: _bases(node) for _, node in classes}

    def levels(name: str) -> int:
        return 1 + max((levels(each) for each in bases[name] if each != name), default=0) if name in bases else 0

    deep = [(place, levels(node.name)) for place, node in classes if levels(node.name) > LEVELS]
    assert [(place, count) for place, count in deep if not place.endswith("Error")] == []


def test_nothing_is_too_long_to_be_read_at_once() -> None:
    limits = {ast.ClassDef: CLASS_LINES, ast.FunctionDef: FUNCTION_LINES, ast.AsyncFunctionDef: FUNCTION_LINES}
    assert [(each.place, each.lines) for each in _definitions() if each.lines > limits[type(each.node)]] == []


def test_each_public_class_has_a_name_of_its_own() -> None:
    """Two classes of one name are told apart only by where they were imported from. Textual nests its messages."""
    top = [
        (node.name, path)
        for path, tree in _trees().items()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    names = [name for name, _ in top]
    assert [(name, path) for name, path in top if names.count(name) > 1] == []
