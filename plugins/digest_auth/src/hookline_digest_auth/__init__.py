"""HTTP Digest authentication for hookline (RFC 7616).

Read in this order: `_auth.py` (who asks whom, and what is remembered), `_digest.py` (what a
challenge says, and the arithmetic of the answer).
"""

from __future__ import annotations

from hookline.plugins import Auth, hookimpl

from ._auth import DigestAuth

__all__ = ["DigestAuth"]
__version__ = "0.1.0"


@hookimpl
def hookline_register_auth_schemes() -> list[type[Auth]]:
    """Digest, under the name "digest"."""
    return [DigestAuth]
