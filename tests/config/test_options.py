"""What a class's constructor says of its options: kinds from annotations, and what they let in."""

from __future__ import annotations

import datetime
import enum
import os
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union

import pytest

import hookline
from hookline import Client, ConfigError, Limits, Proxy, Timeout
from hookline.config import check, schema
from hookline.config._parameters import declared, docs_of
from hookline.plugins import Auth, Middleware, Protocol
from hookline.types import CertTypes, HeaderTypes, TimeoutTypes, VerifyTypes
from support.config_plugins import Canned, Retry, Token, plugins
from support.plugins import manager_of


class Colour(enum.Enum):
    RED = "red"


NOT_GIVEN = object()

# An annotation; what fits it, with what the constructor gets; and what does not.
CASES: list[tuple[Any, list[tuple[Any, Any]], list[Any]]] = [
    (str, [("a", "a"), ("", "")], [1, True, [], {}, None]),
    ("str", [("a", "a")], [1]),
    (int, [(1, 1), (2.0, 2)], ["1", True, 1.5, []]),
    (float, [(1, 1), (1.5, 1.5)], ["1", False, float("nan")]),
    (bool, [(True, True), (False, False)], [0, "true", None]),
    (Any, [(1, 1), ("a", "a"), ([{"a": 1}], [{"a": 1}]), (None, None)], []),
    (object, [(1, 1)], []),
    ("int | None", [(1, 1), (False, None), (None, None)], ["a", True]),
    (Optional[int], [(1, 1), (False, None)], ["a"]),  # noqa: UP045
    ("bool | None", [(False, False), (None, None), (True, True)], [1, "a"]),
    ("None | bool", [(False, False), (None, None)], [1]),
    ("str | Sequence[int]", [("a", "a"), ([1, 2], [1, 2])], [1, ["a"]]),
    (Union[str, bytes], [("a", "a"), (b"a", b"a")], [1]),
    (Literal["a", "b"], [("a", "a")], ["c", 1, ["a"]]),
    ("Literal['a'] | None", [("a", "a"), (False, None)], ["c"]),
    (list[int], [([1], [1]), ([], [])], [1, ["a"], {"a": 1}]),
    ("Sequence[str]", [(["a"], ["a"])], ["a", [1]]),
    (Iterable[str], [(["a"], ["a"])], ["a"]),
    (set[str], [(["a", "a"], {"a"})], [[1]]),
    (tuple[int, ...], [([1, 2], (1, 2))], [["a"], 1]),
    (tuple[str, int], [(["a", 1], ("a", 1)), (("a", 1), ("a", 1))], [["a"], ["a", "b"], [1, 1], 1]),
    (Mapping[str, int], [({"a": 1}, {"a": 1})], [{"a": "b"}, [1], 1]),
    (dict, [({"a": [1]}, {"a": [1]})], [1]),
    ("dict[str, Any] | None", [({"a": 1}, {"a": 1}), (False, None)], [1]),
    (Path, [("a", Path("a"))], [1]),
    ("str | os.PathLike[str]", [("a", "a")], [1]),
    (Annotated[int, "seconds"], [(1, 1)], ["a"]),
    (datetime.date, [(datetime.date(1, 1, 1), datetime.date(1, 1, 1))], []),
    (Colour, [("red", "red")], []),
    (Callable[[], None], [("a:b", "a:b")], []),
    ("Nobody | int", [("a", "a")], []),
    ("not python", [("a", "a")], []),
    (Limits, [({"max_connections": 7}, Limits(max_connections=7, max_keepalive_connections=20))],
     [{"max": 1}, 7]),
    (Timeout, [(3, 3), ({"read": 3}, Timeout(read=3))], ["3", {"reed": 3}]),
    (TimeoutTypes, [(3, 3), (False, None)], ["3"]),
    ("VerifyTypes", [(True, True), ({"name": "default", "options": {}},) * 2], [1, "/missing"]),
    ("CertTypes | None", [(False, None), (__file__, __file__)], [1, "/missing"]),
    (HeaderTypes, [({"A": "1"}, [("A", "1")])], [{"A": 1}]),
]  # fmt: skip


def taking(annotation: Any, received: list[Any]) -> type[Middleware]:
    """A middleware with an option of a type, that notes what it is given."""

    class Taking(Middleware):
        name = "taking"

        def __init__(self, option: Any) -> None:
            received.append(option)

    Taking.__init__.__annotations__["option"] = annotation
    Taking.__init__.__globals__.update({"VerifyTypes": VerifyTypes, "CertTypes": CertTypes})
    return Taking


def ids(cases: list[Any]) -> list[str]:
    return [str(case[0]) for case in cases]


@pytest.mark.parametrize(("annotation", "good", "bad"), CASES, ids=ids(CASES))
def test_an_annotation_says_what_an_option_may_be(annotation: Any, good: Any, bad: Any) -> None:
    received: list[Any] = []
    manager = manager_of(taking(annotation, received))

    def source(value: Any) -> dict[str, Any]:
        return {"middleware": [{"name": "taking", "options": {"option": value}}]}

    for value, _ in good:
        Client.from_config(source(value), plugins=manager)
    for value in bad:
        assert [problem.path for problem in check(source(value), plugins=manager)], value
        with pytest.raises(ConfigError):
            Client.from_config(source(value), plugins=manager)

    assert received == [expected for _, expected in good]
    assert [type(each) for each in received] == [type(expected) for _, expected in good]


def test_things_that_are_named_are_made(authority: Any) -> None:
    class Wrapping(Middleware):
        name = "wrapping"

        def __init__(
            self,
            inner: Auth,
            transport: hookline.plugins.Transport | None = None,
            layers: Sequence[Middleware] = (),
            proxy: Proxy | None = None,
            url: hookline.URL | None = None,
        ) -> None:
            self.given = (inner, transport, layers, proxy, url)

    options = {
        "inner": {"name": "token", "options": {"token": "t"}},
        "transport": "canned",
        "layers": ["retry"],
        "proxy": {"url": "http://localhost:1", "tunnel": True, "verify": authority.ca_file},
        "url": "http://a/",
    }
    source = {"middleware": [{"name": "wrapping", "options": options}]}
    manager = manager_of(Wrapping, Token, Canned, Retry)
    client = Client.from_config(source, plugins=manager)

    inner, transport, [layer], proxy, url = client._call_middleware[0].given  # type: ignore[attr-defined]
    assert (type(inner), type(transport), type(layer)) == (Token, Canned, Retry)
    assert (str(proxy.url), proxy.tunnel, url) == ("http://localhost:1", True, "http://a/")
    assert proxy.ssl_context is not None
    options["inner"]["options"] = {"tken": "t"}  # type: ignore[index]
    [wrong, missing] = check(source, plugins=manager)
    assert wrong.path == "middleware[0].options.inner.options.tken"
    assert missing.message == "'token' needs `token`."


def test_an_option_may_have_the_name_of_a_setting_and_be_something_else() -> None:
    class Copying(Middleware):
        name = "copying"

        def __init__(self, headers: list[str], timeout: str, params: dict[str, str]) -> None:
            self.given = (headers, timeout, params)

    options = {"headers": ["A", "Bee"], "timeout": "long", "params": {"a": "b"}}
    source = {"middleware": [{"name": "copying", "options": options}]}
    client = Client.from_config(source, plugins=manager_of(Copying))

    assert client._call_middleware[0].given == (["A", "Bee"], "long", {"a": "b"})  # type: ignore[attr-defined]


def test_what_is_imported_for_type_checkers_alone_is_understood(write: Any, tmp_path: Path) -> None:
    path = write('[[middleware]]\nname = "retry"\noptions = { for_checkers = ["a"] }')
    [layer] = _layers(Client.from_config(path, plugins=plugins()))

    assert layer.options["for_checkers"] == [tmp_path / "a"]
    path = write('[[middleware]]\nname = "retry"\noptions = { for_checkers = [1] }')
    assert len(check(path, plugins=plugins())) == 1


def test_paths_of_options_are_relative_to_the_file(write: Any, tmp_path: Path) -> None:
    path = write('[[middleware]]\nname = "retry"\noptions = { store = "a.db", log = "b.log" }')
    [layer] = _layers(Client.from_config(path, plugins=plugins()))

    assert layer.options["store"] == tmp_path / "a.db"
    assert layer.options["log"] == str(tmp_path / "b.log")


def _layers(client: Client) -> list[Any]:
    hop: Any = client._hop
    contents = [cell.cell_contents for cell in hop.__closure__]
    return [each for each in contents if isinstance(each, Middleware)]


# -- Signatures -----------------------------------------------------------------------------


def test_every_way_to_write_a_constructor() -> None:
    class Nothing(Middleware):
        name = "nothing"

    class Open(Middleware):
        name = "open"

        def __init__(self, a: int = 1, *args: Any, b: int, **others: Any) -> None:
            self.others = others

    class Inheriting(Open):
        name = "inheriting"

    class Positional(Middleware):
        name = "positional"

        def __init__(self, a: int = 1, /, b: int = 2) -> None:
            pass

    class Slotted(typing.NamedTuple):
        a: int = 1

    assert declared(Nothing).parameters == {}
    assert declared(Nothing).is_open is False
    assert list(declared(Open).parameters) == ["a", "b"]
    assert (declared(Open).required, declared(Open).is_open) == (["b"], True)
    assert list(declared(Inheriting).parameters) == ["a", "b"]
    assert list(declared(Positional).parameters) == ["b"]
    assert list(declared(Slotted).parameters) == ["a"]
    options = {"a": 2, "b": 3, "more": {"x": 1}}
    client = Client.from_config(
        {"middleware": [{"name": "open", "options": options}]}, plugins=manager_of(Open)
    )
    assert client._call_middleware[0].others == {"more": {"x": 1}}  # type: ignore[attr-defined]


def test_what_a_client_gives_is_no_option() -> None:
    """`plugins` and `observers` are given by the client; no file can have them."""
    parameters = declared(hookline.plugins.default_manager().registry.get("transports", "pool"))

    assert {"plugins", "observers"} & set(parameters.parameters) == set()
    assert "retries" in parameters.parameters


def test_the_options_of_protocols_are_those_of_configure_or_of_the_constructor() -> None:
    class Plain(Protocol):
        name = "plain"
        alpn = "plain"

        def __init__(self, stream: Any, *, newline: str = "\n") -> None:
            super().__init__(stream)

    class Bare(Protocol):
        name = "bare"
        alpn = "bare"

    class Loose(Plain):
        name = "loose"

        @classmethod
        def configure(cls, level: int = 1, **options: Any) -> Any:
            return super().configure(**options)

    assert (list(declared(Plain).parameters), declared(Plain).is_open) == (["newline"], False)
    assert (list(declared(Bare).parameters), declared(Bare).is_open) == ([], False)
    assert (list(declared(Loose).parameters), declared(Loose).is_open) == (["level"], True)
    registry = hookline.plugins.default_manager().registry
    http11, http2 = (registry.get("protocols", name) for name in ("http11", "http2"))
    assert (sorted(declared(http11).parameters), declared(http11).is_open) == (
        ["max_head_size", "max_headers", "parser"],
        False,
    )
    assert (list(declared(http2).parameters), declared(http2).is_open) == (
        ["engine", "window"],
        False,
    )


def test_what_a_docstring_says_of_an_option_reaches_the_schema() -> None:
    from support.config_plugins import Tag

    assert docs_of(Tag) == {
        "value": "what to mark them with.",
        "where": "the header for it, or several of them.",
    }
    tables = schema(plugins=plugins())["$defs"]["middleware_table"]["anyOf"]
    [tag] = [each for each in tables if each["properties"]["name"].get("const") == "tag"]
    assert tag["description"] == "Marks requests."
    assert tag["properties"]["options"]["properties"]["value"]["description"] == (
        "what to mark them with."
    )


def test_every_option_of_the_pool_is_described() -> None:
    pool = hookline.plugins.default_manager().registry.get("transports", "pool")
    undocumented = [
        name for name, parameter in declared(pool).parameters.items() if not parameter.doc
    ]

    assert undocumented == []
    assert os.PathLike is not None
