"""Secrets by reference: `{ env = "API_PASSWORD" }` and `{ file = "/run/secrets/token" }`.

The rules they live by:

- A reference is read when a client is made, each time anew, and its text goes into that client
  alone. What is kept of the configuration is the reference.
- No message has the text. Errors of plugins that quote it are masked, and lose their traceback if
  that quotes it too.
- A variable that is set but empty is as good as none: a deployment forgot it.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ._place import Place, kind_of_value

KEYS = ("env", "file", "default", "prefix")

# No password or token is longer, and a path may lead to a device that never ends.
_LONGEST = 1024 * 1024

MASK = "********"

# So many characters in a row that a secret has, too, are more than a coincidence.
_PIECE = 4


class Reference(NamedTuple):
    """Where a text is to be had: from the variable or the file `name`."""

    source: str
    name: str
    default: str | None
    prefix: str

    def __str__(self) -> str:
        # The default is what it is in the absence of a secret, but who knows.
        parts = [f'{self.source} = "{self.name}"']
        if self.default is not None:
            parts.append(f'default = "{MASK}"')
        if self.prefix:
            parts.append(f'prefix = "{self.prefix}"')
        return f"{{ {', '.join(parts)} }}"


class Secret:
    """A reference in its place. `convert` makes of the text what is wanted there (in `words`), and
    raises ValueError where it does not do."""

    def __init__(
        self,
        reference: Reference,
        place: Place,
        convert: Callable[[str], Any] | None,
        words: str = "a string",
    ) -> None:
        self.reference = reference
        self.place = place
        self.convert = convert
        self.words = words

    def read(self) -> str | None:
        """The text; None after a report of why it cannot be had."""
        reference = self.reference
        if reference.source == "env":
            text, problem = _from_environment(reference.name)
        else:
            path = os.path.join(self.place.source.folder, os.path.expanduser(reference.name))
            text, problem = _from_file(path)
        if not text:
            if reference.default is None:
                self.place.report(problem)
                return None
            text = reference.default
        return reference.prefix + text


def looks_like_reference(value: object) -> bool:
    """Whether a table where a text may stand is meant to say where the text is."""
    return isinstance(value, Mapping) and ("env" in value or "file" in value)


def is_reference(value: object) -> bool:
    """The same where any table may stand."""
    return looks_like_reference(value) and not set(value) - set(KEYS)  # type: ignore[call-overload]


def to_reference(value: Mapping[Any, Any], place: Place) -> Reference | None:
    """The reference that a table means; None after a report of what is wrong with it."""
    count = len(place.inspection.problems)
    for key in value:
        if key not in KEYS:
            place.report_unknown(key, KEYS)
        elif not isinstance(value[key], str):
            (place / key).report(f"expected a string, not {kind_of_value(value[key])}.")
    if "env" in value and "file" in value:
        place.report("a secret comes from `env` or from a `file`, not from both.")
    for source in ("env", "file"):
        name = value.get(source)
        if isinstance(name, str) and not _can_be_name(name, source):
            (place / source).report("this can be no name.")
    if len(place.inspection.problems) > count:
        return None
    source = "env" if "env" in value else "file"
    return Reference(source, value[source], value.get("default"), value.get("prefix", ""))


def _can_be_name(name: str, source: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return bool(name) and "\0" not in name and not (source == "env" and "=" in name)


def _from_environment(name: str) -> tuple[str | None, str]:
    text = os.environ.get(name)
    state = "is not set" if text is None else "is set, but empty"
    return text, f"the environment variable {name} {state}."


def _from_file(path: str) -> tuple[str | None, str]:
    try:
        with open(path, "rb") as file:
            data = file.read(_LONGEST + 1)
    except FileNotFoundError:
        return None, f"there is no file {path!r}."
    except OSError as exc:
        return None, f"the file {path!r} cannot be read: {exc.strerror}."
    if len(data) > _LONGEST:
        return None, f"the file {path!r} is too large for a secret."
    try:
        text = data.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return None, f"the file {path!r} is no text in UTF-8."
    return text, f"the file {path!r} is empty."


class Masker:
    """The secrets that were read for one client, so that no error tells them."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, text: str) -> None:
        """Remember a secret."""
        if text:
            self._texts.append(text)

    def masked(self, text: str) -> str:
        """A text without the secrets."""
        for secret in sorted(self._texts, key=len, reverse=True):
            # As `repr` has them, too.
            for form in (secret, repr(secret)[1:-1], ascii(secret)[1:-1]):
                text = text.replace(form, MASK)
        return text

    def tells(self, text: str) -> bool:
        """Whether a text that was masked may have a piece of a secret in it."""
        pieces = {text[start : start + _PIECE] for start in range(len(text) - _PIECE + 1)}
        pieces -= {MASK[:_PIECE]}
        return any(piece in secret for secret in self._texts for piece in pieces)

    def cause(self, exc: BaseException) -> BaseException | None:
        """An exception, if it can be shown as it is: None where its traceback has a secret."""
        shown = "".join(traceback.format_exception(exc))
        if self.masked(shown) != shown:
            return None
        each: BaseException | None = exc
        while each is not None:
            if self.tells(str(each)):
                return None
            each = each.__cause__ or each.__context__
        return exc
