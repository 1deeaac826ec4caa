"""Looking at a configuration without making a client of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import ConfigError, ConfigProblem
from ._build import build_settings
from ._place import Inspection
from ._plans import Builder
from ._resolve import resolve
from ._sources import ConfigSource, names_of, read

if TYPE_CHECKING:
    from ..plugins import PluginManager


def check(
    source: ConfigSource = None, *, plugins: PluginManager | None = None, secrets: bool = True
) -> list[ConfigProblem]:
    """Everything that is wrong with a configuration, client by client; an empty list for nothing.

    `source` is what `Client.from_config` takes. No plugin's class is made, so what only its
    constructor knows is not found. Without `secrets`, it makes no difference whether the variables
    and files that hold them are there: for checks on another machine.
    """
    try:
        document = read(source)
    except ConfigError as exc:
        return exc.errors
    inspection = Inspection(plugins, reads_secrets=secrets)
    for name in names_of(document):
        resolved = resolve(document, name, inspection)
        build_settings(resolved, Builder(plugins, is_dry=True, reads_secrets=secrets))
    return inspection.in_order()
