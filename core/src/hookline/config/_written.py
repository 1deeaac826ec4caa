"""Plans as text, for people to read: as a file has them, and without secrets."""

from __future__ import annotations

import json
import re
from typing import Any

from .._errors import InvalidURL
from .._url import URL
from ._plans import Chosen, Made
from ._secrets import MASK, Secret

# Names of what nobody is to read over somebody's shoulder.
_SECRET = re.compile(
    r"pass|pwd|secret|token|api.?key|access.?key|private|credential|signature|cookie|^key$|^auth"
    r"|authorization|session|bearer",
    re.IGNORECASE,
)
# What an auth scheme's text options are when they are none of them.
_PLAIN_IN_AUTH = frozenset({"username", "user", "file", "schemes", "realm"})


def written_plan(plan: Any, key: str, *, slot: str = "") -> str:
    """A plan as text; `key` says what it is for."""
    if isinstance(plan, Secret):
        return str(plan.reference)
    if isinstance(plan, Chosen):
        options = {
            name: _Written(written_plan(item, name, slot=plan.slot))
            for name, item in plan.options.items()
        }
        table = {"name": plan.name, **({"options": options} if options else {})}
        return written_plan(table, "")
    if isinstance(plan, Made):
        return written_plan(plan.arguments, key, slot=slot)
    if isinstance(plan, _Written):
        return plan.text
    if plan is None:
        return "false"
    if isinstance(plan, bool):
        return "true" if plan else "false"
    if isinstance(plan, (int, float)):
        return f"{plan:g}" if isinstance(plan, float) else str(plan)
    if isinstance(plan, str):
        return _text(plan, key, slot)
    if isinstance(plan, dict):
        inside = ", ".join(
            f"{name} = {written_plan(item, name, slot=slot)}" for name, item in plan.items()
        )
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(plan, list) and plan and all(type(item) is tuple for item in plan):
        # Names with values, of which one may stand twice.
        pairs = (f"{name} = {written_plan(item, str(name))}" for name, item in plan)
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(plan, (list, tuple)):
        return f"[{', '.join(_items(plan, key, slot))}]"
    name = type(plan).__qualname__
    return f"an instance of {name}"


class _Written:
    """What is text already."""

    def __init__(self, text: str) -> None:
        self.text = text


def _items(plan: Any, key: str, slot: str) -> list[str]:
    if key in ("auth", "cert"):
        # The last of (user, password) and of (path, key, password).
        is_secret = len(plan) == (2 if key == "auth" else 3)
        names = [""] * (len(plan) - 1) + ["password" if is_secret else ""]
        return [written_plan(item, name) for item, name in zip(plan, names, strict=True)]
    return [written_plan(item, key, slot=slot) for item in plan]


def _text(text: str, key: str, slot: str) -> str:
    if _SECRET.search(key) or (slot == "auth_schemes" and key not in _PLAIN_IN_AUTH):
        return MASK
    return json.dumps(written_url(text), ensure_ascii=False)


def written_url(text: str) -> str:
    """A text without the password that it has, if it is a URL."""
    if "://" not in text or "@" not in text:
        return text
    try:
        return URL(text)._masked()
    except InvalidURL:
        return MASK
