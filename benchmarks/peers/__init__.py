"""The clients, each set up as its users would and reduced to one call.

Knows the clients' own APIs; knows nothing about clocks.
"""

from .base import Peer
from .floors import BufferedFloor, Floor
from .httpx_like import HTTPXLike
from .others import AIOHTTP, Pycurl, Pyreqwest, Urllib3, Zapros
from .prices import PRICES
from .requests_like import Niquests, RequestsLike

# In the order of the table. The floor comes first: unless asked otherwise, the ratios
# are to it.
PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Floor("floor"),
        BufferedFloor("floor-buffered"),
        HTTPXLike("hookline", "hookline-core"),
        *PRICES,
        Pyreqwest("pyreqwest", "pyreqwest"),
        Pycurl("pycurl", "pycurl"),
        AIOHTTP("aiohttp", "aiohttp"),
        Urllib3("urllib3", "urllib3"),
        RequestsLike("requests", "requests"),
        Niquests("niquests", "niquests"),
        Zapros("zapros", "zapros"),
        HTTPXLike("httpx2", "httpx2"),
        # Both are what httpx2 came out of, and cost what it does: with 1000 in flight a minute for
        # each round.
        HTTPXLike("httpxyz", "httpxyz", by_default=False),
        HTTPXLike("httpx", "httpx", by_default=False),
    )
}
