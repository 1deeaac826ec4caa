"""Which domains belong to nobody, so that anybody may have a name below them: "com", "co.uk",
"github.io". The list is Mozilla's, from the package `publicsuffixlist`, which follows it.

Loaded with the first cookie that a server sets for a domain, and not before: reading the list takes
some milliseconds.
"""

from __future__ import annotations

from typing import Any

_list: Any = None


def is_public_suffix(domain: str) -> bool:
    """Whether a domain, in lower case and without a dot in front, is on the list. A dot at its end
    makes no difference: it is the same name."""
    global _list
    if _list is None:
        from publicsuffixlist import PublicSuffixList

        # Two threads may both do this: either list will do.
        _list = PublicSuffixList()
    domain = domain.rstrip(".")
    return bool(_list.publicsuffix(domain) == domain)
