"""httpx._auth: authentication."""

import hookline
from hookline._auth import Auth, BasicAuth, FunctionAuth
from hookline._netrc import NetRCAuth

__all__ = ["Auth", "BasicAuth", "FunctionAuth", "NetRCAuth"]


def __getattr__(name: str) -> object:
    if name == "DigestAuth":
        # A plugin's.
        return hookline.DigestAuth
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
