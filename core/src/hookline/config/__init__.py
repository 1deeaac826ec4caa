"""Clients from configuration: `hookline.Client.from_config("hookline.toml", name="api")`.

Here is what looks at a configuration without making a client: `check`, `show` and `schema`. The
page for users is docs/configuration.md. Nothing of this is imported before it is used.
"""

from __future__ import annotations

from .._errors import ConfigError, ConfigProblem
from ._check import check
from ._schema import schema
from ._show import Layer, show

__all__ = ["ConfigError", "ConfigProblem", "Layer", "check", "schema", "show"]
