"""h2 as an engine, and jh2, which has its interface. All that is known of either is here."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from hookline import LocalProtocolError, RemoteProtocolError

from ._codec import (
    DEFAULT_MAX_STREAMS,
    MAX_FRAME_SIZE,
    MAX_HEADER_LIST_SIZE,
    PROTOCOL_ERROR,
    Codec,
    Fields,
    Handler,
    error_name,
)

# RFC 9113 section 8.2.1, as far as jh2 does not look.
_NAME = re.compile(rb":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_FORBIDDEN = re.compile(rb"[\0\r\n]")
# What must not be guessed by watching how well it compresses.
_SECRET = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
# The least that a program may take for "no limit at all": settings have 32 bits.
_UNLIMITED = 2**31


class H2Codec(Codec):
    """A connection by h2 ("h2") or jh2 ("jh2")."""

    def __init__(
        self, handler: Handler, *, window: int, connection_window: int, package: str = "h2"
    ) -> None:
        super().__init__(handler, window=window, connection_window=connection_window)
        connection = import_module(f"{package}.connection")
        config = import_module(f"{package}.config")
        settings = import_module(f"{package}.settings")
        exceptions = import_module(f"{package}.exceptions")
        codes = settings.SettingCodes
        self._protocol_error: type[Exception] = exceptions.ProtocolError
        self._h2 = connection.H2Connection(
            config.H2Configuration(
                client_side=True,
                header_encoding=None,
                # What goes out was checked in `_fields.py`, once for all engines.
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self._h2.local_settings = settings.Settings(
            client=True,
            initial_values={
                codes.ENABLE_PUSH: 0,
                codes.INITIAL_WINDOW_SIZE: window,
                codes.MAX_FRAME_SIZE: MAX_FRAME_SIZE,
                codes.MAX_HEADER_LIST_SIZE: MAX_HEADER_LIST_SIZE,
            },
        )
        # What holds until the peer says otherwise (RFC 9113 section 6.5.2). jh2 supposes more.
        self._h2.remote_settings = settings.Settings(
            client=False,
            initial_values={codes.HEADER_TABLE_SIZE: 4096, codes.INITIAL_WINDOW_SIZE: 65_535},
        )
        # The engine takes its limits from the settings when the peer acknowledges them, and some
        # peers never do.
        self._h2.max_inbound_frame_size = MAX_FRAME_SIZE
        self._h2.decoder.max_header_list_size = MAX_HEADER_LIST_SIZE
        # For the engine a GOAWAY is the end of the connection. For those streams that the peer has
        # taken it is not (RFC 9113 section 6.8).
        state = connection.ConnectionState.CLIENT_OPEN
        going_on = {(state, connection.ConnectionInputs.RECV_GOAWAY): (None, state)}
        machine = self._h2.state_machine
        machine._transitions = {**machine._transitions, **going_on}
        self._is_first = True
        self._is_lenient = package == "jh2"
        hpack = import_module("hpack" if package == "h2" else f"{package}.hpack")
        self._never_indexed: Callable[..., Any] = hpack.NeverIndexedHeaderTuple
        self._handlers = self._table(import_module(f"{package}.events"))

    def start(self) -> None:
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(self._connection_window - 65_535)

    def open_stream(self, fields: Fields, *, is_end: bool) -> int:
        try:
            stream_id: int = self._h2.get_next_available_stream_id()
            self._h2.send_headers(stream_id, self._guarded(fields), end_stream=is_end)
        except self._protocol_error as exc:
            raise LocalProtocolError(f"No stream can be opened: {exc}") from exc
        return stream_id

    def _guarded(self, fields: Fields) -> Fields:
        """The same, with what is secret kept out of the table that compresses fields (RFC 7541
        section 7.1.3)."""
        if not any(name in _SECRET for name, _ in fields):
            return fields
        secret = self._never_indexed
        return [secret(*field) if field[0] in _SECRET else field for field in fields]

    def room(self, stream_id: int) -> int:
        try:
            window: int = self._h2.local_flow_control_window(stream_id)
        except self._protocol_error:
            return 0
        return max(0, window)

    def send_data(self, stream_id: int, data: bytes | memoryview, *, is_end: bool) -> None:
        size: int = self._h2.max_outbound_frame_size
        while len(data) > size:
            self._h2.send_data(stream_id, bytes(data[:size]))
            data = data[size:]
        self._h2.send_data(stream_id, bytes(data), end_stream=is_end)

    def reset(self, stream_id: int, code: int) -> None:
        try:
            self._h2.reset_stream(stream_id, code)
        except self._protocol_error:
            pass

    def grow_window(self, stream_id: int, increment: int) -> None:
        try:
            self._h2.increment_flow_control_window(increment, stream_id or None)
        except (self._protocol_error, ValueError):
            pass

    def say_goodbye(self, code: int) -> None:
        try:
            self._h2.close_connection(code)
        except self._protocol_error:
            pass

    def receive(self, data: bytes) -> None:
        if self._is_first:
            self._is_first = False
            if data.startswith(b"HTTP/1"):
                # To the engine this is the beginning of a very long frame.
                raise RemoteProtocolError(
                    "The server answers in HTTP/1.1 where HTTP/2 was expected (PROTOCOL_ERROR)."
                )
        try:
            events = self._h2.receive_data(data)
        except self._protocol_error as exc:
            name = error_name(getattr(exc, "error_code", 1))
            reason = str(exc) or type(exc).__name__
            raise RemoteProtocolError(
                f"The server broke HTTP/2's rules ({name}): {reason}"
            ) from exc
        except Exception as exc:
            # What the engine itself did not foresee, it was made to do by the server.
            raise RemoteProtocolError(
                f"The server's HTTP/2 could not be understood (PROTOCOL_ERROR): {exc!r}"
            ) from exc
        handlers = self._handlers
        for event in events:
            handle = handlers.get(type(event))
            if handle is not None:
                handle(event)

    def take_output(self) -> bytes:
        output: bytes = self._h2.data_to_send()
        return output

    # -- Events -----------------------------------------------------------------------------

    def _table(self, events: Any) -> dict[type[Any], Callable[[Any], None]]:
        handler = self._handler

        def on_settings(event: Any) -> None:
            limit = self._h2.remote_settings.max_concurrent_streams
            self.max_streams = DEFAULT_MAX_STREAMS if limit > _UNLIMITED else limit
            handler.on_settings()

        def on_data(event: Any) -> None:
            if event.data:
                handler.on_data(event.stream_id, event.data, event.flow_controlled_length)
            else:
                if event.flow_controlled_length:
                    handler.on_data(event.stream_id, b"", event.flow_controlled_length)
                if event.stream_ended is None:
                    handler.on_control()

        def check(fields: Fields) -> None:
            if self._is_lenient:
                for name, value in fields:
                    if _FORBIDDEN.search(value) or not _NAME.fullmatch(name):
                        self.say_goodbye(PROTOCOL_ERROR)
                        raise RemoteProtocolError(
                            "The server broke HTTP/2's rules (PROTOCOL_ERROR): Illegal header "
                            f"field {name!r}"
                        )

        def on_head(event: Any) -> None:
            check(event.headers)
            handler.on_head(event.stream_id, event.headers)

        def on_informational(event: Any) -> None:
            check(event.headers)
            handler.on_informational(event.stream_id, event.headers)

        def on_trailers(event: Any) -> None:
            check(event.headers)
            handler.on_trailers(event.stream_id, event.headers)

        def on_end(event: Any) -> None:
            handler.on_end(event.stream_id)

        def on_window(event: Any) -> None:
            handler.on_window(event.stream_id or 0)

        def on_reset(event: Any) -> None:
            is_ours = not event.remote_reset
            handler.on_reset(event.stream_id, int(event.error_code), is_ours=is_ours)

        def on_goaway(event: Any) -> None:
            handler.on_goaway(event.last_stream_id or 0, int(event.error_code or 0))

        def on_control(event: Any) -> None:
            handler.on_control()

        return {
            events.RemoteSettingsChanged: on_settings,
            events.DataReceived: on_data,
            events.ResponseReceived: on_head,
            events.InformationalResponseReceived: on_informational,
            events.TrailersReceived: on_trailers,
            events.StreamEnded: on_end,
            events.WindowUpdated: on_window,
            events.StreamReset: on_reset,
            events.ConnectionTerminated: on_goaway,
            events.PingReceived: on_control,
            events.PingAckReceived: on_control,
            events.SettingsAcknowledged: on_control,
            events.PriorityUpdated: on_control,
            events.UnknownFrameReceived: on_control,
            events.AlternativeServiceAvailable: on_control,
        }
