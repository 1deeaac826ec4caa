"""What is installed, by kind and name. Standard library only: see `_without_extra.py`.

Knows the plugin manager's list. What a plugin does is not its business.
"""

from __future__ import annotations

import json
import sys
import warnings

from ..plugins import PluginManager
from ..plugins._manager import PluginInfo
from ..plugins._registry import SLOTS

# A row: the name, the class, the distribution with its version.
Row = tuple[str, str, str]


def list_plugins(*, as_json: bool, width: int | None = None) -> int:
    """Print the list; return the exit status: 1 where a plugin failed, or claims a taken name.

    Rows are at most `width` characters long where that can be done.
    """
    with warnings.catch_warnings():
        # The list says it already.
        warnings.simplefilter("ignore", RuntimeWarning)
        manager = PluginManager.discover(strict=False)
    infos = manager.plugins()
    classes = _classes(manager)
    if as_json:
        listed = [{**info._asdict(), "classes": classes.get(info.name, {})} for info in infos]
        print(json.dumps(listed, indent=2))
    else:
        print("\n".join(_lines(infos, classes, width)))
    return 1 if any(info.status in ("failed", "clash") for info in infos) else 0


def _classes(manager: PluginManager) -> dict[str, dict[str, dict[str, str]]]:
    """By plugin, kind and name, the class."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for slot in SLOTS:
        for name, entry in manager.registry.names(slot).items():
            path = f"{entry.cls.__module__}.{entry.cls.__qualname__}"
            found.setdefault(entry.plugin, {}).setdefault(slot, {})[name] = path
    return found


def _lines(
    infos: list[PluginInfo], classes: dict[str, dict[str, dict[str, str]]], width: int | None
) -> list[str]:
    kinds: dict[str, list[Row]] = {slot: [] for slot in SLOTS}
    for info in infos:
        source = f"{info.distribution} {info.version}"
        for slot, by_name in classes.get(info.name, {}).items():
            kinds[slot] += [(name, path, source) for name, path in by_name.items()]
    rows = [row for found in kinds.values() for row in found]
    names = max(len(row[0]) for row in rows)
    paths = max(len(row[1]) for row in rows)
    sources = max(len(row[2]) for row in rows)
    fits = width is None or 2 + names + 2 + paths + 2 + sources <= width
    lines: list[str] = []
    for slot, found in kinds.items():
        if not found:
            continue
        lines.append(slot.replace("_", " "))
        for name, path, source in sorted(found):
            if fits:
                lines.append(f"  {name:{names}}  {path:{paths}}  {source}")
            else:
                lines += [f"  {name:{names}}  {source}", f"  {'':{names}}  {path}"]
        lines.append("")
    problems = [info for info in infos if info.status != "loaded"]
    if problems:
        lines.append("not usable")
        for info in problems:
            # One line per plugin, whatever its exception looks like.
            reason = " ".join((info.error or "").split())
            source = f"{info.name} ({info.distribution} {info.version})"
            lines.append(f"  {source}  {info.status}: {reason}")
        lines.append("")
    return lines[:-1]


def terminal_width() -> int | None:
    """The columns of the terminal that the list is for; None where there is none."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns
