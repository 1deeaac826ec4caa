"""httpx._utils: the small functions that others have come to use."""

from typing import AnyStr

from hookline._environment import environment_proxies
from hookline._pattern import URLPattern
from hookline._query import primitive_to_str as primitive_value_to_str

__all__ = [
    "URLPattern",
    "get_environment_proxies",
    "primitive_value_to_str",
    "to_bytes",
    "to_bytes_or_str",
    "to_str",
]


def to_bytes(value: str | bytes, encoding: str = "utf-8") -> bytes:
    """Text encoded, bytes as they are."""
    return value.encode(encoding) if isinstance(value, str) else value


def to_str(value: str | bytes, encoding: str = "utf-8") -> str:
    """Bytes decoded, text as it is."""
    return value if isinstance(value, str) else value.decode(encoding)


def to_bytes_or_str(value: str, match_type_of: AnyStr) -> AnyStr:
    """Text, encoded where the other value is bytes."""
    return value if isinstance(match_type_of, str) else value.encode()


def get_environment_proxies() -> dict[str, str | None]:
    """The environment's proxies, by URL pattern; None for no proxy.

    With the passwords in them, as httpx has it: what asks for this makes connections by itself.
    """
    found = {}
    for pattern, proxy in environment_proxies().items():
        url = None
        if proxy is not None:
            url = proxy.url
            if isinstance(proxy.auth, tuple):
                username, password = map(to_str, proxy.auth)
                url = url.copy_with(username=username, password=password)
        found[pattern.pattern] = None if url is None else str(url)
    return found
