"""For those who write plugins: suites that hold one to its contract, and fakes to test it with.

    class TestOnceMore(hookline.testing.MiddlewareSuite):
        def make(self):
            return OnceMore()

Nothing of this is imported before it is used. pytest is not needed either: `check` runs a suite.
"""

from __future__ import annotations

from ._auth_suite import AuthSuite
from ._connector_suite import ConnectorSuite
from ._decoder_suite import DecoderSuite
from ._event_hook_suite import EventHookSuite
from ._middleware_suite import MiddlewareSuite
from ._modes import AsAsync, Mode, available_modes
from ._network import ScriptedNetwork
from ._plugins import plugins_of
from ._protocol_failures import ProtocolSuite
from ._rules import ContractBroken, Outcome, check
from ._send import ScriptedSend
from ._server import Conversation, ScriptedServer, scripted_server
from ._streams import SILENCE, ScriptedBody, ScriptedStream
from ._suite import Suite
from ._tls_suite import TLSContextSuite
from ._transport_suite import TransportSuite
from ._world import World

__all__ = [
    "SILENCE",
    "AsAsync",
    "AuthSuite",
    "ConnectorSuite",
    "ContractBroken",
    "Conversation",
    "DecoderSuite",
    "EventHookSuite",
    "MiddlewareSuite",
    "Mode",
    "Outcome",
    "ProtocolSuite",
    "ScriptedBody",
    "ScriptedNetwork",
    "ScriptedSend",
    "ScriptedServer",
    "ScriptedStream",
    "Suite",
    "TLSContextSuite",
    "TransportSuite",
    "World",
    "available_modes",
    "check",
    "plugins_of",
    "scripted_server",
]
