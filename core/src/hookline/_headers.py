"""`Headers`: HTTP fields as an ordered multi-dict without regard to case (RFC 9110 section 5).

Knows bytes and their text. Whether a name or a value may be sent is the protocol's business, which
checks them where they are written to the wire.
"""

from __future__ import annotations

from collections.abc import (
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    MutableMapping,
    ValuesView,
)
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

if TYPE_CHECKING:
    from ._types import HeaderTypes

D = TypeVar("D")

# One field: the name as it was given, the name in lower case, the value.
Item = tuple[bytes, bytes, bytes]

# Names whose values `repr` leaves out, in lower case. A configuration adds those that it has as
# references to secrets.
_SENSITIVE = {"authorization", "proxy-authorization"}


class Headers(MutableMapping[str, str]):
    """HTTP headers: `Headers({"Accept": "text/html"})`.

    Made from a mapping, a list of pairs, or other Headers; names and values are str or bytes.
    Look-ups ignore case. A name that occurs several times reads as one value joined by ", ";
    `get_list` and `multi_items` keep the occurrences apart. `raw` is what goes on the wire.

    Raises TypeError for names and values that are neither str nor bytes.
    """

    __slots__ = ("_detected", "_encoding", "_list")

    def __init__(self, headers: HeaderTypes | None = None, encoding: str | None = None) -> None:
        self._encoding = encoding
        self._detected: str | None = None
        self._list: list[Item]
        if headers is None:
            self._list = []
        elif isinstance(headers, Headers):
            self._list = headers._list.copy()
        elif isinstance(headers, Mapping):
            self._list = [_item(name, value, encoding) for name, value in headers.items()]
        else:
            self._list = [_item(name, value, encoding) for name, value in _pairs(headers)]

    @classmethod
    def _of(cls, items: list[Item]) -> Headers:
        """Headers around a list of items that is theirs from now on."""
        headers = cls.__new__(cls)
        headers._encoding = headers._detected = None
        headers._list = items
        return headers

    @property
    def encoding(self) -> str:
        """The encoding of names and values: "ascii", "utf-8" or "iso-8859-1", whichever fits first,
        unless it was given or set."""
        if self._encoding is not None:
            return self._encoding
        if self._detected is None:
            everything = b"".join(name + value for name, _, value in self._list)
            for encoding in ("ascii", "utf-8"):
                try:
                    everything.decode(encoding)
                except UnicodeDecodeError:
                    continue
                self._detected = encoding
                break
            else:
                # Every sequence of bytes is ISO-8859-1.
                self._detected = "iso-8859-1"
        return self._detected

    @encoding.setter
    def encoding(self, value: str) -> None:
        self._encoding = value

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """The fields as bytes, as they were given: names in their own case, repetitions kept."""
        return [(name, value) for name, _, value in self._list]

    def keys(self) -> KeysView[str]:
        """The names in lower case, each once."""
        return {lower.decode(self.encoding): None for _, lower, _ in self._list}.keys()

    def values(self) -> ValuesView[str]:
        """The values, those of a repeated name joined by ", "."""
        return self._joined().values()

    def items(self) -> ItemsView[str, str]:
        """Pairs of name and value, those of a repeated name joined by ", "."""
        return self._joined().items()

    def multi_items(self) -> list[tuple[str, str]]:
        """Pairs of name and value, repetitions kept."""
        encoding = self.encoding
        return [(lower.decode(encoding), value.decode(encoding)) for _, lower, value in self._list]

    @overload
    def get(self, key: str, default: None = None) -> str | None: ...
    @overload
    def get(self, key: str, default: str) -> str: ...
    @overload
    def get(self, key: str, default: D) -> str | D: ...
    def get(self, key: str, default: object = None) -> object:
        """The value of a name, or `default`. Several values are joined by ", " (RFC 9110 section
        5.3)."""
        try:
            return self[key]
        except KeyError:
            return default

    def get_list(self, key: str, split_commas: bool = False) -> list[str]:
        """All values of a name, in order, one for each line. An empty list where there is none.

        `split_commas` takes comma-separated lists apart as well. It does not know of quotes: not
        for `Set-Cookie`, dates, and parameters with text.
        """
        wanted = key.lower().encode(self.encoding)
        encoding = self.encoding
        values = [value.decode(encoding) for _, lower, value in self._list if lower == wanted]
        if not split_commas:
            return values
        return [part.strip() for value in values for part in value.split(",")]

    def update(self, headers: HeaderTypes | None = None) -> None:  # type: ignore[override]
        """Replace the names that `headers` has by what it says. `headers` is whatever the
        constructor takes; other names stay as they are."""
        new = Headers(headers)
        for name in {lower for _, lower, _ in new._list}:
            self._remove(name)
        self._list.extend(new._list)
        self._detected = None

    def copy(self) -> Headers:
        """A copy that changes on its own."""
        return Headers(self, encoding=self._encoding)

    def __or__(self, other: Mapping[str, str]) -> Headers:
        if not isinstance(other, Mapping):
            return NotImplemented
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other: Mapping[str, str]) -> Headers:
        if not isinstance(other, Mapping):
            return NotImplemented
        merged = Headers(other)
        merged.update(self)
        return merged

    def __ior__(self, other: HeaderTypes) -> Headers:
        self.update(other)
        return self

    def __getitem__(self, key: str) -> str:
        wanted = key.lower().encode(self.encoding)
        encoding = self.encoding
        values = [value.decode(encoding) for _, lower, value in self._list if lower == wanted]
        if not values:
            raise KeyError(key)
        return values[0] if len(values) == 1 else ", ".join(values)

    def __setitem__(self, key: str, value: str) -> None:
        new = _item(key, value, self._encoding or "utf-8")
        items = self._list
        positions = [index for index, item in enumerate(items) if item[1] == new[1]]
        for index in reversed(positions[1:]):
            del items[index]
        if positions:
            items[positions[0]] = new
        else:
            items.append(new)
        self._detected = None

    def __delitem__(self, key: str) -> None:
        if not self._remove(key.lower().encode(self.encoding)):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return False
        return self._has(key.lower().encode(self.encoding))

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self._list)

    def __eq__(self, other: object) -> bool:
        try:
            theirs = Headers(cast("HeaderTypes", other))
        except (TypeError, ValueError, AttributeError):
            return False
        return sorted(item[1:] for item in self._list) == sorted(item[1:] for item in theirs._list)

    def __repr__(self) -> str:
        encoding = "" if self.encoding == "ascii" else f", encoding={self.encoding!r}"
        shown = [
            (name, "[secure]" if name.lower() in _SENSITIVE else value)
            for name, value in self.multi_items()
        ]
        as_dict = dict(shown)
        if len(as_dict) == len(shown):
            return f"Headers({as_dict!r}{encoding})"
        return f"Headers({shown!r}{encoding})"

    # -- In bytes, for the request path -----------------------------------------------------

    def _has(self, lower: bytes) -> bool:
        for item in self._list:  # noqa: SIM110 (half the price of a generator)
            if item[1] == lower:
                return True
        return False

    def _get(self, lower: bytes) -> bytes | None:
        """The first value of a name in lower case, as bytes."""
        for item in self._list:
            if item[1] == lower:
                return item[2]
        return None

    def _remove(self, lower: bytes) -> bool:
        """Remove a name; say whether it was there."""
        kept = [item for item in self._list if item[1] != lower]
        removed = len(kept) != len(self._list)
        self._list[:] = kept
        self._detected = None
        return removed

    def _joined(self) -> dict[str, str]:
        joined: dict[str, str] = {}
        for name, value in self.multi_items():
            joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return joined


def _item(name: str | bytes, value: str | bytes, encoding: str | None) -> Item:
    if isinstance(name, str):
        raw_name = name.encode(encoding or "ascii")
    elif isinstance(name, bytes):
        raw_name = name
    else:
        raise TypeError(f"Header name must be str or bytes, not {type(name)}: {name!r}")
    if isinstance(value, str):
        raw_value = value.encode(encoding or "ascii")
    elif isinstance(value, bytes):
        raw_value = value
    else:
        raise TypeError(f"Header value must be str or bytes, not {type(value)} (header {name!r})")
    return raw_name, raw_name.lower(), raw_value


def _pairs(headers: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(headers, (str, bytes)) or not isinstance(headers, Iterable):
        raise TypeError(
            f"Headers are a mapping or a list of pairs, not {headers!r} ({type(headers).__name__})."
        )
    for pair in headers:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"A header is a pair of name and value, not {pair!r}.")
        yield pair[0], pair[1]
