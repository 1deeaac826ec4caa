"""httpx._urls: URLs and their queries."""

from hookline._query import QueryParams
from hookline._url import URL, Origin

__all__ = ["URL", "Origin", "QueryParams"]
