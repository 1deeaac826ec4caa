"""`QueryParams`: the query of a URL as an immutable multi-dict."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from ._types import QueryParamTypes

D = TypeVar("D")


# Names whose values `repr` leaves out, here and in URLs: a configuration adds those that it has as
# references to secrets.
_SENSITIVE: set[str] = set()


def masked_query(query: str) -> str:
    """A query for people to read: without the values that are secrets."""
    if not _SENSITIVE:
        return query
    from urllib.parse import unquote_plus

    return "&".join(
        f"{name}=[secure]" if unquote_plus(name) in _SENSITIVE else f"{name}{equals}{value}"
        for name, equals, value in (pair.partition("=") for pair in query.split("&"))
    )


def primitive_to_str(value: object) -> str:
    """Write a value as forms and queries do: true, false, and nothing for None."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return ""
    return str(value)


class QueryParams(Mapping[str, str]):
    """The parameters of a query, in order, with repetitions. Immutable.

    Made from a string, a mapping (values may be lists), a list of pairs, or another QueryParams;
    keyword arguments stand for a mapping. `params["a"]` is the first value of "a"; `get_list("a")`
    all of them. `set`, `add`, `remove` and `merge` return a changed copy.
    """

    def __init__(self, *args: QueryParamTypes | None, **kwargs: object) -> None:
        if len(args) > 1:
            raise TypeError("Too many arguments: QueryParams takes one value.")
        if args and kwargs:
            raise TypeError("Cannot mix positional and keyword arguments.")
        value = args[0] if args else kwargs

        self._dict: dict[str, list[str]]
        if value is None:
            self._dict = {}
        elif isinstance(value, (str, bytes)):
            from urllib.parse import parse_qsl

            text = value.decode("ascii") if isinstance(value, bytes) else value
            self._dict = _grouped(parse_qsl(text, keep_blank_values=True))
        elif isinstance(value, QueryParams):
            self._dict = {key: list(values) for key, values in value._dict.items()}
        elif isinstance(value, (list, tuple)):
            self._dict = _grouped(_pairs(value))
        elif isinstance(value, Mapping):
            self._dict = {
                str(key): [primitive_to_str(item) for item in values]
                if isinstance(values, (list, tuple))
                else [primitive_to_str(values)]
                for key, values in value.items()
            }
        else:
            raise TypeError(
                "Query parameters are a mapping, a list of pairs, or a string, "
                f"not {value!r} ({type(value).__name__})."
            )

    def keys(self) -> KeysView[str]:
        """The names, each once."""
        return self._dict.keys()

    def values(self) -> ValuesView[str]:
        """The first value of each name."""
        return {key: values[0] for key, values in self._dict.items()}.values()

    def items(self) -> ItemsView[str, str]:
        """Each name with its first value."""
        return {key: values[0] for key, values in self._dict.items()}.items()

    def multi_items(self) -> list[tuple[str, str]]:
        """Every pair, repetitions included."""
        return [(key, value) for key, values in self._dict.items() for value in values]

    @overload
    def get(self, key: str, default: None = None) -> str | None: ...
    @overload
    def get(self, key: str, default: str) -> str: ...
    @overload
    def get(self, key: str, default: D) -> str | D: ...
    def get(self, key: str, default: object = None) -> object:
        """The first value of a name, or `default`. All of them: `get_list`."""
        values = self._dict.get(key)
        return values[0] if values else default

    def get_list(self, key: str) -> list[str]:
        """All values of a name, in order. None is no error: the list is empty."""
        return list(self._dict.get(str(key), []))

    def set(self, key: str, value: object = None) -> QueryParams:
        """A copy in which the name has this one value. Numbers, booleans and None are written as in
        a query: "1", "true", ""."""
        copy = QueryParams(self)
        copy._dict[str(key)] = [primitive_to_str(value)]
        return copy

    def add(self, key: str, value: object = None) -> QueryParams:
        """A copy in which the name has this value too. Those that it has already stay."""
        copy = QueryParams(self)
        copy._dict.setdefault(str(key), []).append(primitive_to_str(value))
        return copy

    def remove(self, key: str) -> QueryParams:
        """A copy without the name. An equal one where the name is not there."""
        copy = QueryParams(self)
        copy._dict.pop(str(key), None)
        return copy

    def merge(self, params: QueryParamTypes | None = None) -> QueryParams:
        """A copy in which the names of `params` are replaced by what `params` says.

        `params` is whatever the constructor takes; names that it does not have stay as they are.
        """
        merged = QueryParams(params)
        merged._dict = {**self._dict, **merged._dict}
        return merged

    def update(self, params: QueryParamTypes | None = None) -> None:
        """Not there: QueryParams are immutable. Use `merge`."""
        raise RuntimeError(
            "QueryParams are immutable since 0.18.0. Use `q = q.merge(...)` to create an updated "
            "copy."
        )

    def __setitem__(self, key: str, value: str) -> None:
        raise RuntimeError(
            "QueryParams are immutable since 0.18.0. Use `q = q.set(key, value)` to create an "
            "updated copy."
        )

    def __getitem__(self, key: str) -> str:
        return self._dict[key][0]

    def __contains__(self, key: object) -> bool:
        return key in self._dict

    def __iter__(self) -> Iterator[str]:
        return iter(self._dict)

    def __len__(self) -> int:
        return len(self._dict)

    def __bool__(self) -> bool:
        return bool(self._dict)

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QueryParams):
            return False
        return sorted(self.multi_items()) == sorted(other.multi_items())

    def __str__(self) -> str:
        from urllib.parse import urlencode

        return urlencode(self.multi_items())

    def __repr__(self) -> str:
        from urllib.parse import urlencode

        # Lone surrogates can be shown, if not sent.
        return (
            f"QueryParams({masked_query(urlencode(self.multi_items(), errors='surrogatepass'))!r})"
        )


def _pairs(value: Iterable[Any]) -> Iterable[tuple[str, str]]:
    for pair in value:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"A query parameter is a pair of name and value, not {pair!r}.")
        yield pair[0], primitive_to_str(pair[1])


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for key, value in pairs:
        grouped.setdefault(str(key), []).append(value)
    return grouped
