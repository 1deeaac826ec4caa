"""What the suites of all kinds have in common: what an author fills in, and the rules of names,
options and secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .. import _wiring
from .._errors import PluginError
from ..plugins import PluginManager
from ._modes import Mode, available_modes
from ._plugins import BASES, plugins_of
from ._rules import ContractBroken, require, rule, rules_of, skip

_NO_SUCH_OPTION = "no_such_option_of_this_plugin"


class Suite:
    """What all suites have in common. Subclass the one of your kind, and call the subclass
    `Test...`: pytest runs it, each rule in sync, asyncio and trio.

    - `make()`: your plugin's object, anew for each rule: all that has to be written.
    - `options`: what a user writes for the same by name, where there is something to write.
    - `bad_options`: options that have to be refused, each a mapping of its own.
    - `secrets`: values among the options, and in what `make` makes, that nobody may see.
    - `plugin`: the module with the hooks, to look whether it registers the class.
    """

    slot: ClassVar[str]
    options: Mapping[str, Any] = {}
    bad_options: Sequence[Mapping[str, Any]] = ()
    secrets: Sequence[str] = ()
    plugin: ClassVar[object | None] = None

    def make(self) -> Any:
        """The object that is tested, anew for each call. Without it, the class itself is asked."""
        raise NotImplementedError(
            f"{type(self).__name__} needs `def make(self)`, which returns your plugin's object."
        )

    @property
    def subject(self) -> type[Any]:
        """The class that is tested. That of what `make` returns, unless it is set."""
        return type(self.make())

    def plugins(self) -> PluginManager:
        """A plugin manager with this plugin: what the rules that use it by name go by."""
        return plugins_of(self.subject if self.plugin is None else self.plugin)

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Run each rule, and whatever else wants a `hookline_mode`, in each mode. pytest calls
        this."""
        if "hookline_mode" in metafunc.fixturenames:
            names = available_modes()
            metafunc.parametrize("hookline_mode", [Mode(name) for name in names], ids=names)

    # -- The rules of all kinds -------------------------------------------------------------

    @rule
    async def test_name_can_be_registered(self, mode: Mode) -> None:
        """The class has the base of its kind, and a name of its own: lower-case letters, digits,
        "-", "_" and ".". Users write that name in programs, files and environment variables."""
        subject, base = self.subject, BASES[self.slot]
        require(
            issubclass(subject, base),
            f"{subject.__qualname__} is no subclass of hookline.plugins.{base.__name__}. Make it "
            "one: its docstring is the contract.",
        )
        try:
            registry = self.plugins().registry
            found = registry.get(self.slot, self.registered_name)
        except PluginError as exc:
            raise ContractBroken(f"{subject.__qualname__} cannot be registered: {exc}") from exc
        require(
            found is subject,
            f"The name {self.registered_name!r} leads to {found.__qualname__}, not to "
            f"{subject.__qualname__}.",
        )

    @rule
    async def test_works_by_name(self, mode: Mode) -> None:
        """A configuration that names the plugin, with `options`, makes a client that works. Where
        your class needs options, set `options` in the suite to what a user would write."""
        try:
            await self.use_by_name(mode, self.plugins())
        except (TypeError, ValueError, PluginError) as exc:
            raise ContractBroken(
                f"{self.registered_name!r} with the options {sorted(self.options)} does not work "
                f"by name: {exc}"
            ) from exc

    @rule
    async def test_options_are_checked(self, mode: Mode) -> None:
        """Options that are unknown, or make no sense, are a TypeError or a ValueError that names
        the option, when the client is made. A misspelt option that is swallowed is found by nobody:
        declare every option in the constructor, and take no **options."""
        self._require_refusal({**self.options, _NO_SUCH_OPTION: 1}, {_NO_SUCH_OPTION})
        for bad in self.bad_options:
            self._require_refusal({**self.options, **bad}, set(bad))

    def _require_refusal(self, options: dict[str, Any], names: set[str]) -> None:
        what = ", ".join(f"{name}={options[name]!r}" for name in sorted(names))
        try:
            self.configure(options)
        except (TypeError, ValueError) as exc:
            said = str(exc)
            require(
                any(re.search(rf"\b{re.escape(name)}\b", said) for name in names),
                f"The option {what} was refused without being named: {said}",
                exc,
            )
            self._require_discreet(said, "The error for a wrong option")
        except Exception as exc:
            raise ContractBroken(
                f"The option {what} was refused with {type(exc).__name__}: {exc}. Raise TypeError "
                "or ValueError: users see those with the place in their configuration."
            ) from exc
        else:
            raise ContractBroken(f"The option {what} was accepted. Refuse it.")

    @rule
    async def test_secrets_are_not_shown(self, mode: Mode) -> None:
        """No repr has a password, token or key in it. Logs and tracebacks show reprs: a class whose
        options hold secrets has a `__repr__` that leaves them out."""
        if not self.secrets:
            skip("no `secrets` are declared in the suite")
        for each in self.everything_made():
            for text in (repr(each), str(each), f"{each}"):
                self._require_discreet(text, f"The repr of {type(each).__name__}")

    def _require_discreet(self, text: str, what: str) -> None:
        for secret in self.secrets:
            require(secret not in text, f"{what} shows a secret.")

    # -- What the kinds fill in -------------------------------------------------------------

    @property
    def registered_name(self) -> str:
        """The name that users write: the class's `name`, or `scheme` for auth schemes."""
        return str(getattr(self.subject, "name", None))

    def configure(self, options: Mapping[str, Any]) -> object:
        """What a client does with options, when it is made. Raises TypeError and ValueError."""
        table = {"name": self.registered_name, "options": options}
        return _wiring.build(self.slot, table, BASES[self.slot], self.plugins())

    def everything_made(self) -> list[object]:
        """What is looked at for secrets: the object that `make` returns. Suites may add to it."""
        return [self.make()]

    def table(self) -> dict[str, Any]:
        """The plugin as a configuration has it: its name, and the options of the suite."""
        return {"name": self.registered_name, "options": dict(self.options)}

    async def use_by_name(self, mode: Mode, plugins: PluginManager) -> None:
        """Make a client that names the plugin, and send a request. Each kind does it its way."""
        raise NotImplementedError


def documented_rules(suite: type[Suite]) -> dict[str, str]:
    """The rules of a suite by name, each with its docstring: for pages that list them."""
    return {name: (getattr(suite, name).__doc__ or "") for name in rules_of(suite)}
