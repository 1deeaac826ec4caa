"""The kinds of the client's own settings: URLs, timeouts, limits, TLS, proxies, functions.

Knows what each may be, and what is made of it. Which settings there are is in `_settings.py`.
"""

from __future__ import annotations

import codecs
import inspect
import os
import ssl
from collections.abc import Mapping
from typing import Any

from .._auth import Auth
from .._cookies import Cookies
from .._errors import DuplicateName, InvalidURL, PluginNotFound
from .._headers import Headers
from .._limits import DEFAULT_LIMITS, Limits
from .._pattern import URLPattern
from .._proxy import Proxy
from .._query import QueryParams
from .._timeout import UNSET, Timeout
from .._url import URL
from ..plugins.interfaces import Connector, Decoder, EventHook, Middleware, Protocol
from ..transports.base import AsyncBaseTransport, BaseTransport
from ._kinds import Flag, Instance, Kind, Nothing, Number, PathText, Text
from ._parameters import docs_of
from ._place import Place, kind_of_value
from ._shapes import Field, Keyed, ListOf, OneOf, Pairs, Row, Table
from ._slots import Slot
from ._tls import CONTEXT

NONE = Nothing()
FLAG = Flag()
TEXT = Text()
SECONDS = OneOf(
    NONE, Number("a number of seconds", least=0), words="a number of seconds, or false for no limit"
)
COUNT = OneOf(
    NONE,
    Number("a whole number", is_whole=True, least=0),
    words="a whole number, or false for no limit",
)
RATIO = OneOf(NONE, Number("a number", least=1), words="a number, or false for no limit")

# -- URLs -----------------------------------------------------------------------------------


def _url(text: str, place: Place) -> str:
    try:
        URL(text)
    except InvalidURL as exc:
        # The URL may have a password in it.
        reason = "" if "@" in text else f": {exc}"
        raise ValueError(f"this is no URL{reason}") from None
    return text


def _proxy_url(text: str, place: Place) -> str:
    try:
        proxy = Proxy(text)
    except (InvalidURL, ValueError) as exc:
        reason = str(exc).removeprefix("proxy: ")
        raise ValueError(
            "this is no proxy URL; expected one such as 'http://localhost:3128'."
            if "@" in text
            else reason
        ) from None
    try:
        place.inspection.registry.connector_for(proxy.url.scheme)
    except (PluginNotFound, DuplicateName) as exc:
        raise ValueError(str(exc)) from exc.__cause__
    return text


def _pattern(text: str) -> None:
    if "://" not in text:
        raise ValueError(
            "the keys here are URL patterns such as 'https://' or 'all://example.org'. Did you "
            f"mean '{text}://' or 'all://{text}'?"
        )
    try:
        URLPattern(text)
    except InvalidURL as exc:
        raise ValueError(f"this is no URL pattern: {exc}") from None


PATTERN = "://"

URL_TEXT = OneOf(Text("a URL", examine=_url), Instance("a URL", URL))

# -- Fields ---------------------------------------------------------------------------------


def _same_header(name: Any) -> Any:
    return (name.encode("latin-1", "replace") if isinstance(name, str) else name).lower()


def _header_text(text: str, place: Place | None = None) -> str:
    if not text.isascii():
        raise ValueError("headers are ASCII, and there is something else in this one.")
    return text


_PARAM = OneOf(
    TEXT, FLAG, Number(), Instance("None", type(None)), words="a string, a number, true or false"
)

# Instances come first: they are mappings, too.
HEADERS = OneOf(
    Instance("headers", Headers, tuple),
    Pairs(
        "a table of headers",
        OneOf(Text("a string", examine=_header_text), Instance("bytes", bytes)),
        fold=_same_header,
        examine=_header_text,
    ),
)
PARAMS = OneOf(
    Instance("query parameters", QueryParams, tuple, bytes),
    Pairs("a table of query parameters", _PARAM, repeated=True),
    Text("a query string", by_reference=False),
)
COOKIES = OneOf(
    Instance("cookies", Cookies, test=lambda value: hasattr(value, "set_cookie")),
    Pairs("a table of cookies", TEXT),
)

# -- Timeouts and limits --------------------------------------------------------------------


def _fields(cls: type[Any], kinds: Mapping[str, Kind]) -> dict[str, Field]:
    """The keyword arguments of a class as the keys of a table."""
    docs = docs_of(cls)
    parameters = inspect.signature(cls).parameters.values()
    return {
        parameter.name: Field(kinds[parameter.annotation], docs[parameter.name])
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY
    }


def _timeout(*, default: Any = UNSET, **phases: Any) -> Timeout:
    return Timeout(default, **phases)


def _limits(**limits: Any) -> Limits:
    defaults = {name: getattr(DEFAULT_LIMITS, name) for name in Limits.__slots__}
    return Limits(**{**defaults, **limits})


TIMEOUT = OneOf(
    SECONDS,
    Table(
        "a table of timeouts",
        {
            "default": Field(SECONDS, "What phases that are not named here take; 5 seconds."),
            **_fields(Timeout, {"_Phase": SECONDS}),
        },
        _timeout,
        merges=True,
        lift="default",
    ),
    Instance("a Timeout", Timeout, tuple),
    words="a number of seconds, false for no limit, or a table of timeouts",
)
LIMITS = OneOf(
    Table(
        "a table of limits",
        _fields(Limits, {"int | None": COUNT, "float | None": SECONDS}),
        _limits,
        merges=True,
    ),
    Instance("Limits", Limits),
)

# -- TLS ------------------------------------------------------------------------------------

_EXISTING = PathText(must_exist=True)
_KEY = OneOf(_EXISTING, NONE)

VERIFY = OneOf(
    FLAG,
    PathText("a path to certificates", must_exist=True),
    CONTEXT,
    Instance("an ssl.SSLContext", ssl.SSLContext, os.PathLike),
    words="true, false, a path to certificates, or { name, options }",
)


def _cert(path: Any, key: Any = None, password: Any = None) -> Any:
    if password is not None:
        return path, key, password
    return path if key is None else (path, key)


CERT = OneOf(
    PathText("a path", must_exist=True),
    Row("a list of path, key and password", _EXISTING, _KEY, TEXT, optional=2),
    Table(
        "a table with `path`, `key` and `password`",
        {
            "path": Field(_EXISTING, "The certificate, and what it is signed by.", True),
            "key": Field(_EXISTING, "The private key, where it is in a file of its own."),
            "password": Field(TEXT, "What the private key is encrypted with."),
        },
        _cert,
    ),
    NONE,
    Instance("a tuple of path, key and password", tuple, os.PathLike),
    words="a path, a list of path, key and password, a table with these, or false",
)

# -- Slots ----------------------------------------------------------------------------------

TRANSPORT = Slot("transports", Instance("a transport", BaseTransport, AsyncBaseTransport))
MIDDLEWARE = Slot("middleware", Instance("a middleware", Middleware))
EVENT_HOOK = Slot("event_hooks", Instance("an event hook", EventHook))
AUTH_SCHEME = Slot("auth_schemes", Instance("an Auth", Auth))
PROTOCOL = Slot("protocols", Instance("a Protocol class", test=lambda value: _is(value, Protocol)))
DECODER = Slot("decoders", Instance("a Decoder class", test=lambda value: _is(value, Decoder)))
CONNECTOR = Slot("connectors", Instance("a connector", Connector), tables_only=True)


def _is(value: object, base: type[Any]) -> bool:
    return isinstance(value, type) and issubclass(value, base)


AUTH = OneOf(
    Row("a list of user name and password", TEXT, TEXT),
    AUTH_SCHEME,
    NONE,
    Instance("a pair or a function", tuple, test=callable),
    words="an auth scheme by name or by { name, options }, a list of user name and password, or "
    "false",
)


class _Functions(Instance):
    """httpx's hooks: functions by event, which only a program can have."""

    def fits(self, value: object) -> bool:
        return isinstance(value, Mapping) and ("request" in value or "response" in value)

    def check(self, value: Any, place: Place) -> Any:
        for event, functions in value.items():
            if event not in ("request", "response"):
                place.report_unknown(event, ("request", "response"), f"no event {event!r}.")
                continue
            if not isinstance(functions, (list, tuple, set)):
                found = kind_of_value(functions)
                (place / event).report(f"expected a list of functions, not {found}.")
                continue
            for index, function in enumerate(functions):
                if not callable(function):
                    found = kind_of_value(function)
                    (place / event / index).report(f"expected a function, not {found}.")
        return value


EVENT_HOOKS = ListOf(
    OneOf(_Functions("functions by event"), EVENT_HOOK), single=True, words="a list of event hooks"
)
PROTOCOLS = ListOf(PROTOCOL, single=True, least=1, words="a list of protocols")
MIDDLEWARES = ListOf(MIDDLEWARE, single=True, words="a list of middleware")
DECODERS = ListOf(DECODER, single=True, words="a list of decoders")
MOUNTS = Keyed(
    "a table of transports by URL pattern",
    OneOf(NONE, TRANSPORT),
    examine=_pattern,
    pattern=PATTERN,
    merges=True,
)

# -- Proxies --------------------------------------------------------------------------------


def _proxy(url: Any, *, verify: Any = None, cert: Any = None, **settings: Any) -> Proxy:
    context = None
    if verify is not None or cert is not None:
        from .._tls import create_ssl_context

        context = create_ssl_context(True if verify is None else verify, cert)
    return Proxy(url, ssl_context=context, **settings)


_PROXY_URL = OneOf(Text("a proxy URL", examine=_proxy_url), Instance("a URL", URL))
_PROXY_TABLE = Table(
    "a table with `url` and what else the proxy wants to be told",
    {
        "url": Field(_PROXY_URL, "Where the proxy is; the scheme says how it is spoken to.", True),
        "auth": Field(AUTH, "What it asks for: user name and password, or a scheme."),
        "headers": Field(HEADERS, "Sent to the proxy itself."),
        "tunnel": Field(FLAG, "Whether http:// goes through a tunnel too."),
        "verify": Field(
            OneOf(FLAG, PathText("a path to certificates", must_exist=True)),
            "For TLS with the proxy itself.",
        ),
        "cert": Field(CERT, "A client certificate for the proxy itself."),
    },
    _proxy,
)
_ONE_PROXY = (_PROXY_URL, CONNECTOR, _PROXY_TABLE, Instance("a Proxy", Proxy))

PROXY_WORDS = "a proxy URL, a table with `url`, a connector by { name, options }, or false"
PROXY = OneOf(*_ONE_PROXY, NONE, words=PROXY_WORDS)
PROXY_ALONE = OneOf(_PROXY_URL, _PROXY_TABLE, Instance("a Proxy", Proxy), words="a proxy URL")
PROXIES = OneOf(
    _PROXY_URL,
    Keyed(
        "a table of proxies by URL pattern", PROXY, examine=_pattern, pattern=PATTERN, merges=True
    ),
    NONE,
    Instance("a Proxy", Proxy),
    words="a table of proxies by URL pattern, or one proxy URL",
)

# -- The rest -------------------------------------------------------------------------------


def _codec(text: str, place: Place) -> str:
    try:
        codecs.lookup(text)
    except LookupError:
        raise ValueError(f"there is no encoding {text!r}.") from None
    return text


ENCODING = OneOf(
    Text("the name of an encoding", examine=_codec), Instance("a function", test=callable)
)
