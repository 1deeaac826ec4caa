"""The command line: `hookline URL`, `python -m hookline URL`, and a few commands.

Knows the commands' names and where each of them is; nothing of them is loaded before it is called
for. Needs the packages of the extra `cli`: without them, `main` says what to install, and lists the
plugins all the same, since that is what one looks at when something is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import click

    main: click.Command


class Place(NamedTuple):
    """Where a command is: the module in this package, its click command, and what to say of it."""

    module: str
    attribute: str
    help: str


# As the first argument, these are commands, never URLs.
COMMANDS = {
    "plugins": Place("plugins_command", "plugins", "List the installed plugins, by kind and name."),
    "config": Place("config_command", "config", "Check and show configuration files."),
    "new-plugin": Place("new_plugin_command", "new_plugin", "Write the package of a new plugin."),
}

EXTRA = 'pip install "hookline[cli]"'
# What the extra brings.
EXTRA_PACKAGES = frozenset({"click", "pygments", "rich"})


def __getattr__(name: str) -> Any:
    if name != "main":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    global main
    try:
        from ._app import main
    except ModuleNotFoundError as exc:
        if exc.name not in EXTRA_PACKAGES:
            raise
        from ._without_extra import main  # type: ignore[assignment]
    return main
