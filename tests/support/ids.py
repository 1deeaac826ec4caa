"""Names for parameters, alike in every process: the address of an object says nothing."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def plain_id(value: object) -> str:
    return _ADDRESS.sub("", repr(value))
