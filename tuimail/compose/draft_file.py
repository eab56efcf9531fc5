"""Encodes and decodes a draft as JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from tuimail.compose.draft import Attachment, Draft
from tuimail.mail.answered_message import parse_answered_message
from tuimail.mail.draft_copy import parse_draft_copy

VERSION = 1

_TYPES = {field.name: field.type for field in fields(Draft)}


def encode(draft: Draft) -> bytes:
    """The file's content; ASCII, because file names may contain bytes that are not text."""
    answers = None if draft.answers is None else str(draft.answers)
    copy = None if draft.draft_copy is None else str(draft.draft_copy)
    document = {"version": VERSION, **asdict(draft), "answers": answers, "draft_copy": copy}
    return json.dumps(document, indent=1).encode("ascii") + b"\n"


def decode(content: bytes) -> Draft:
    """The draft in ``content``.

    Raises:
        ValueError: it is damaged, or written by a later version of tuimail.
    """
    document = json.loads(content)
    if not isinstance(document, dict):
        raise ValueError("not a draft")  # noqa: TRY004 - one kind of error for whatever the file holds
    if document.get("version") != VERSION:
        raise ValueError(f"version {document.get('version')!r} is not known")
    known = {name: value for name, value in document.items() if name in _TYPES}
    if not isinstance(known.get("id"), str):
        raise ValueError("it has no id")  # noqa: TRY004
    try:
        return Draft(**{name: _value(name, value) for name, value in known.items()})
    except (TypeError, KeyError) as error:
        raise ValueError(f"a field is damaged ({error})") from error


def _value(name: str, value: Any) -> Any:
    match str(_TYPES[name]):
        case "str":
            return _checked(value, str)
        case "int":
            return _checked(value, int)
        case "float":
            return float(_checked(value, int, float))
        case "bool":
            return _checked(value, bool)
    if name == "answers":
        return None if value is None else parse_answered_message(_checked(value, str))
    if name == "draft_copy":
        return None if value is None else parse_draft_copy(_checked(value, str))
    if name == "attachments":
        return tuple(_attachment(each) for each in _checked(value, list))
    if name == "references":
        return tuple(_checked(each, str) for each in _checked(value, list))
    return tuple((_checked(key, str), _checked(text, str)) for key, text in _checked(value, list))


def _attachment(value: Any) -> Attachment:
    entry = _checked(value, dict)
    texts = {name: _checked(entry[name], str) for name in ("path", "name", "content_type", "description")}
    # Drafts of earlier versions do not know when the file was written.
    written = _checked(entry.get("modified_ns", 0), int)
    return Attachment(**texts, size=_checked(entry["size"], int), modified_ns=written)


def _checked(value: Any, *types: type) -> Any:
    if type(value) not in types:
        raise TypeError(f"{type(value).__name__} where {types[0].__name__} belongs")
    return value
