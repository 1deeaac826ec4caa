"""httpx._api: the functions at the top level."""

from hookline._api import delete, get, head, options, patch, post, put, query, request, stream

__all__ = [
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "query",
    "request",
    "stream",
]
