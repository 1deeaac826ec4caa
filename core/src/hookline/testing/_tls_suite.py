"""The rules of plugins that make TLS contexts."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, ClassVar

from .. import _wiring
from ..plugins import PluginManager
from ._modes import Mode
from ._rules import ContractBroken, require, rule, skip
from ._suite import Suite


class TLSContextSuite(Suite):
    """The contract of the hook `hookline_create_ssl_context`:

        class TestPinned(hookline.testing.TLSContextSuite):
            plugin = hookline_pinned
            name = "pinned"
            options = {"ca_file": "ca.pem"}

    `is_insecure` is to be True for a context that trusts everybody, on purpose.
    """

    slot: ClassVar[str] = "ssl_contexts"
    name: str = ""
    is_insecure: bool = False

    @property
    def registered_name(self) -> str:
        """The name that users write: `name` of the suite."""
        return self.name

    def make(self) -> ssl.SSLContext:
        """The context that the plugin makes for the name and the options of the suite."""
        made = self.configure(self.options)
        assert isinstance(made, ssl.SSLContext)
        return made

    def plugins(self) -> PluginManager:
        """A plugin manager with the suite's `plugin`. Raises ContractBroken where there is none."""
        from ._plugins import plugins_of

        require(self.plugin is not None, "Set `plugin` in the suite: the module with the hook.")
        return plugins_of(self.plugin)

    def configure(self, options: Mapping[str, Any]) -> object:
        """What a client does with the name and options. Raises TypeError and ValueError."""
        verify = {"name": self.name, "options": dict(options)}
        protocols = _wiring.Protocols(http1=True, http2=False, named=None, plugins=self.plugins())
        return _wiring.ssl_context_getter(verify, None, False, protocols, self.plugins())()

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """A client from a configuration that names the context."""
        async with mode.client_from_config(
            {"verify": self.table()}, plugins=plugins, trust_env=False
        ):
            self.configure(self.options)

    @rule
    async def test_name_can_be_registered(self, mode: Mode) -> None:
        """The hook makes an ssl.SSLContext for its own name. That is the whole of its
        registration."""
        try:
            made = self.configure(self.options)
        except LookupError as exc:
            raise ContractBroken(f"The plugin makes no context named {self.name!r}.") from exc
        require(isinstance(made, ssl.SSLContext), f"It made {made!r}, which is no ssl.SSLContext.")

    @rule
    async def test_answers_for_its_own_name_alone(self, mode: Mode) -> None:
        """For every other name, the hook returns None, whatever the options. Otherwise it would
        decide whom programs trust that never asked for it."""
        hook = self.plugins().hook.hookline_create_ssl_context
        for name in ("no-such-context", self.name + "x", ""):
            made = hook(name=name, options=self.options, settings=None)
            require(made is None, f"For the name {name!r} it made {made!r}. Return None.")

    @rule
    async def test_checks_certificates(self, mode: Mode) -> None:
        """A context verifies certificates and host names. Set `is_insecure = True` in the suite if
        yours does not, and means it."""
        if self.is_insecure:
            skip("`is_insecure` is set in the suite")
        context = self.make()
        require(
            context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname,
            f"The context has verify_mode {context.verify_mode!r} and check_hostname "
            f"{context.check_hostname!r}. Begin with ssl.create_default_context().",
        )
