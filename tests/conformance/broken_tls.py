"""Plugins that make TLS contexts, and break a rule each."""

from __future__ import annotations

import ssl
from typing import Any

from hookline.plugins import hookimpl
from hookline.testing import TLSContextSuite

from .cases import breaks as _breaks


def breaks(rule: str, says: str) -> Any:
    def declare(plugin: type[Any]) -> type[Any]:
        settings = {"plugin": plugin(), "name": "mine"}
        return _breaks(TLSContextSuite, rule, says, **settings)(plugin)

    return declare


@breaks("test_name_can_be_registered", "makes no context named 'mine'")
class GoesByAnotherName:
    @hookimpl
    def hookline_create_ssl_context(self, name: str) -> Any:
        return ssl.create_default_context() if name == "yours" else None


@breaks("test_answers_for_its_own_name_alone", "Return None")
class AnswersForAll:
    @hookimpl
    def hookline_create_ssl_context(self, name: str) -> Any:
        return ssl.create_default_context()


@breaks("test_checks_certificates", "Begin with ssl.create_default_context()")
class TrustsEverybody:
    @hookimpl
    def hookline_create_ssl_context(self, name: str) -> Any:
        return _trusting(name)


def _trusting(name: str) -> Any:
    if name != "mine":
        return None
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
