"""On which line of a TOML file each key is written. `tomllib` does not tell.

Knows where strings, arrays and tables begin and end, and no more: it reads only what `tomllib` has
accepted. A key that it does not find costs an error its line number, and nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\r\n]*")


def lines_of(text: str) -> dict[Path, int]:
    """The line, from 1, of every key and every item of an array in a valid TOML document."""
    scan = _Scan(text)
    try:
        scan.document()
    except (_Lost, RecursionError):
        # What was found so far is right all the same.
        pass
    return scan.lines


class _Lost(Exception):
    """What stands here is not what was expected."""


class _Scan:
    """A position in a document, and what was found up to there."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self.lines: dict[Path, int] = {}
        # For each array of tables, the number of the one that was begun last.
        self._last: dict[Path, int] = {}

    def document(self) -> None:
        """Tables, one after the other."""
        table: Path = ()
        while self._skip_blank():
            if self._takes("[["):
                table = self._array_of_tables(list(self._key()))
                self._expect("]]")
            elif self._takes("["):
                table = self._table(list(self._key()))
                self._expect("]")
            else:
                self._pair(table)

    # -- Tables -----------------------------------------------------------------------------

    def _table(self, key: list[str]) -> Path:
        path: Path = ()
        for part in key:
            path = self._current((*path, part))
            self._note(path)
        return path

    def _array_of_tables(self, key: list[str]) -> Path:
        path = (*self._table(key[:-1]), key[-1])
        self._note(path)
        self._last[path] = self._last.get(path, -1) + 1
        path = (*path, self._last[path])
        self._note(path)
        return path

    def _current(self, path: Path) -> Path:
        return (*path, self._last[path]) if path in self._last else path

    # -- Keys and values --------------------------------------------------------------------

    def _pair(self, table: Path) -> None:
        path = table
        for part in self._key():
            path = (*path, part)
            self._note(path)
        self._expect("=")
        self._value(path)

    def _key(self) -> Iterator[str]:
        while True:
            self._skip_blank()
            if match := _STRING.match(self._text, self._at):
                yield tomllib.loads(f"key = {match[0]}")["key"]
            elif match := _BARE.match(self._text, self._at):
                yield match[0]
            else:
                raise _Lost
            self._at = match.end()
            self._skip_blank()
            if not self._takes("."):
                return

    def _value(self, path: Path) -> None:
        self._skip_blank()
        if self._takes("["):
            index = 0
            while self._skip_blank() and not self._takes("]"):
                self._note((*path, index))
                self._value((*path, index))
                index += 1
                self._skip_blank()
                self._takes(",")
        elif self._takes("{"):
            while self._skip_blank() and not self._takes("}"):
                self._pair(path)
                self._skip_blank()
                self._takes(",")
        else:
            match = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
            if match is None or not match[0]:
                raise _Lost
            self._at = match.end()

    # -- Characters -------------------------------------------------------------------------

    def _skip_blank(self) -> bool:
        """Go past white space and comments. Whether there is anything left."""
        match = _BLANK.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._at < len(self._text)

    def _takes(self, token: str) -> bool:
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _expect(self, token: str) -> None:
        self._skip_blank()
        if not self._takes(token):
            raise _Lost

    def _note(self, path: Path) -> None:
        # A part of a dotted key stands wherever it was first written.
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self.lines.setdefault(path, self._line)
