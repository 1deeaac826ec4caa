"""A body made readable: indented and coloured as its type allows.

Knows text and types of content. What is shown says the same as the body, token by token: JSON is
indented as it is written, so that no number is rounded and no repeated name lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import click

# Beyond this many characters, a body is shown as it came: nobody reads that much on a terminal, and
# taking it apart takes seconds.
_LIMIT = 1_000_000

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,"\s]+')
_INDENT = "  "

Paint = Callable[[str, str], str]

# The terminal's own sixteen colours: they fit its background.
_STYLES: dict[str, dict[str, object]] = {
    "name": {"fg": "cyan"},
    "text": {"fg": "green"},
    "number": {"fg": "magenta"},
    "word": {"fg": "magenta", "bold": True},
    "good": {"fg": "green", "bold": True},
    "other": {"fg": "yellow", "bold": True},
    "bad": {"fg": "red", "bold": True},
    "faint": {"dim": True},
    "strong": {"bold": True},
}


def plain(text: str, style: str) -> str:
    """The text, where there are no colours."""
    return text


def colored(text: str, style: str) -> str:
    """The text in the colours of one of the styles."""
    return click.style(text, **_STYLES[style])  # type: ignore[arg-type]


def kind_of(content_type: str) -> str:
    """What a Content-Type is for this page: "json", "html", "xml", "lines" (complete as they come),
    "text", "binary", or "" where it cannot be told by the type."""
    mime = content_type.partition(";")[0].strip().lower()
    main, _, sub = mime.partition("/")
    if mime in ("text/event-stream", "application/x-ndjson", "application/jsonl"):
        return "lines"
    if sub == "json" or sub.endswith("+json"):
        return "json"
    if mime in ("text/html", "application/xhtml+xml"):
        return "html"
    if sub == "xml" or sub.endswith("+xml"):
        return "xml"
    if main in ("image", "audio", "video", "font") or sub in _BINARY:
        return "binary"
    if mime == "text/plain":
        return "text"
    return mime if main == "text" or sub in _SOURCES else ""


_BINARY = frozenset({"octet-stream", "pdf", "zip", "gzip", "x-tar", "wasm", "protobuf", "msgpack"})
# Types of text that are not called so.
_SOURCES = frozenset({"javascript", "x-javascript", "yaml", "x-yaml", "toml", "sql", "graphql"})


def looks_binary(data: bytes) -> bool:
    """Whether the beginning of a body is not text."""
    if b"\0" in data:
        return True
    # What no text has, but for line ends, tabs, form feeds and the escapes of coloured logs.
    controls = sum(data.count(code) for code in _NOT_IN_TEXT)
    return controls * 20 > len(data)


_NOT_IN_TEXT = bytes({*range(0x20)} - {*b"\t\n\r\f\x1b"})


def highlighted(text: str, kind: str, paint: Paint) -> str:
    """A body of some kind, indented or coloured where that is possible, in any case readable."""
    if kind == "json":
        return _json(text, paint)
    if paint is plain or len(text) > _LIMIT or kind in ("", "text", "lines"):
        return text
    return _source(text, kind)


def _json(text: str, paint: Paint) -> str:
    import json

    if len(text) > _LIMIT:
        return text
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        # Something else in spite of its name: shown as it is.
        return text
    return "".join(_indented(text, paint))


def _indented(text: str, paint: Paint) -> Iterator[str]:
    """Valid JSON, with a line for each element."""
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    depth = 0
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else ""
        if token in "{[":
            yield token
            # An empty one stays in its line.
            if following not in "}]":
                depth += 1
                yield f"\n{_INDENT * depth}"
        elif token in "}]":
            if tokens[number - 1] not in "{[":
                depth -= 1
                yield f"\n{_INDENT * depth}"
            yield token
        elif token == ",":
            yield f",\n{_INDENT * depth}"
        elif token == ":":
            yield ": "
        elif token[0] == '"':
            yield paint(token, "name" if following == ":" else "text")
        else:
            yield paint(token, "word" if token in ("true", "false", "null") else "number")


def _source(text: str, kind: str) -> str:
    """Text of a type that pygments knows, in colours."""
    from pygments import highlight
    from pygments.formatters.terminal import TerminalFormatter
    from pygments.lexers import get_lexer_by_name, get_lexer_for_mimetype
    from pygments.token import Comment, Keyword, Name, Number, String, Token
    from pygments.util import ClassNotFound

    # The same on light and dark, and the same as what is coloured without pygments.
    colors = {
        Token: "",
        Comment: "brightblack",
        Keyword: "magenta",
        Name.Tag: "cyan",
        Name.Attribute: "cyan",
        Name.Entity: "magenta",
        Number: "magenta",
        String: "green",
    }

    # Nothing at either end is to be lost, nor a line end added.
    options = {"stripnl": False, "ensurenl": False}
    try:
        if "/" in kind:
            lexer = get_lexer_for_mimetype(kind, **options)
        else:
            lexer = get_lexer_by_name(kind, **options)
    except ClassNotFound:
        return text
    colored_text: str = highlight(
        text,
        lexer,
        TerminalFormatter(colorscheme={token: (color, color) for token, color in colors.items()}),
    )
    return colored_text
