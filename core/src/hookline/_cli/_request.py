"""One call, from its options to its exit status.

Knows the client and the order of things. What is printed is decided by the modules beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from .._errors import InvalidURL, PluginError
from ._arguments import check_url, client_arguments, request_arguments, split_profile
from ._failures import FAILED, Refused, is_broken_pipe, refused, sentence
from ._output import Output
from ._text import one_line, visible

if TYPE_CHECKING:
    from .._clients import Client
    from .._models import Request, Response
    from ._timeline import Timeline

_ON_STANDARD_OUTPUT = "-"

# What a client and a request raise that cannot be made as they were asked for.
_WRONG = (ImportError, InvalidURL, LookupError, OSError, PluginError, TypeError, ValueError)


def run(**options: Any) -> int:
    """Make the call. Returns the exit status; raises click's exceptions where nothing was sent."""
    output = Output(options["output_format"], options["color"])

    def warn(message: Any, *_: Any, **__: Any) -> None:
        output.note(one_line(f"Warning: {message}"))

    with warnings.catch_warnings():
        # In a line, like everything else that goes wrong.
        warnings.showwarning = warn
        return _Call(options, output).run()


class _Call:
    """One call."""

    def __init__(self, options: dict[str, Any], output: Output) -> None:
        self._options = options
        self._output = output
        self._timeline: Timeline | None = None
        self._response: Response | None = None
        self._target: str | None = "." if options["remote_name"] else options["download"]
        if options["remote_name"] and options["download"] is not None:
            raise Refused("-O and --download: the body is saved once.")
        if self._target == _ON_STANDARD_OUTPUT:
            if output.format == "json":
                raise Refused("--download - and --format json both want the standard output.")
            output.format = "body"
            self._target = None
        elif self._target is not None:
            from ._save import check

            check(self._target)

    def run(self) -> int:
        client, request = self._prepared()
        error: BaseException | None = None
        body: dict[str, Any] | None = None
        status = FAILED
        try:
            with client:
                self._response = response = client.send(request, stream=True)
                try:
                    body = self._answer(response, request)
                finally:
                    response.close()
                if response.is_success:
                    status = 0
        except KeyboardInterrupt:
            if self._timeline is not None and self._output.format != "json":
                # Where the time went is the question now more than ever.
                self._draw(self._timeline)
            raise
        except Exception as exc:
            if is_broken_pipe(exc) or isinstance(exc, click.ClickException):
                raise
            error = exc
        self._finish(body, error)
        return FAILED if error is not None else status

    # -- Before ----------------------------------------------------------------------------

    def _prepared(self) -> tuple[Client, Request]:
        """The client and the request, with all who watch in place."""
        options = self._options
        try:
            client = _client(options)
        except _WRONG as exc:
            self._show_traceback(exc)
            raise refused(exc) from exc
        try:
            check_url(options["url"], has_base=bool(client.base_url.host))
            arguments = request_arguments(options, client)
            request = client.build_request(extensions=self._watch(client), **arguments)
        except _WRONG as exc:
            client.close()
            self._show_traceback(exc)
            raise refused(exc) from exc
        except BaseException:
            client.close()
            raise
        return client, request

    def _watch(self, client: Client) -> dict[str, Any]:
        """Have heads shown and times noted. Returns the request's extensions."""
        output = self._output
        hooks = client.event_hooks
        tracers: list[Callable[[str, dict[str, Any]], None]] = []
        if self._options["trace"]:
            from ._timeline import Timeline

            self._timeline = Timeline()
            hooks["request"].append(self._timeline.on_request)
            hooks["response"].append(self._timeline.on_response)
            tracers.append(self._timeline.on_event)
        if self._options["verbose"]:
            from ._talk import Talk

            talk = Talk(output.note, output.paint_note, reveal=self._options["reveal"])
            hooks["request"].append(talk.on_request)
            hooks["response"].append(talk.on_response)
            tracers.append(talk.on_event)
        if output.format == "pretty" or self._options["verbose"]:
            hooks["response"].append(self._show_head)
        if not tracers:
            return {}

        def trace(event: str, info: dict[str, Any]) -> None:
            for tell in tracers:
                tell(event, info)

        return {"trace": trace}

    # -- The answer ------------------------------------------------------------------------

    def _show_head(self, response: Response) -> None:
        from ._talk import head

        output = self._output
        if output.format == "pretty":
            for line in head(response, output.paint):
                output.text(line)
            output.text("")
        else:
            for line in head(response, output.paint_note):
                output.note(line)
            output.note()

    def _answer(self, response: Response, request: Request) -> dict[str, Any] | None:
        """Print or save the body; what a report says of it, where there is one."""
        output = self._output
        if self._target is not None:
            from ._save import save

            path, size = save(response, self._target, request.url, output)
            from ._report import file_part

            return file_part(path, size)
        if output.format == "json":
            response.read()
            from ._report import body_part

            return body_part(response)
        if output.format == "pretty":
            from ._show import show_body

            show_body(response, output)
        else:
            for piece in response.iter_bytes():
                output.bytes(piece)
        return None

    # -- After -----------------------------------------------------------------------------

    def _finish(self, body: dict[str, Any] | None, error: BaseException | None) -> None:
        output, timeline = self._output, self._timeline
        if timeline is not None:
            timeline.finish()
        if output.format == "json":
            from ._report import print_report, report

            document = report(
                self._response,
                body=body,
                error=error,
                trace=None if timeline is None else timeline.as_json(),
                reveal=self._options["reveal"],
            )
            print_report(document, output)
        elif timeline is not None:
            self._draw(timeline)
        if error is not None:
            output.note(output.paint_note(sentence(error), "bad"))
            self._show_traceback(error)

    def _draw(self, timeline: Timeline) -> None:
        from ._waterfall import SPECIMEN, drawn

        output = self._output
        output.note()
        lines = drawn(
            timeline,
            width=output.width,
            paint=output.paint_note,
            is_ascii=not output.can_show(SPECIMEN),
        )
        for line in lines:
            output.note(line)

    def _show_traceback(self, exc: BaseException) -> None:
        if self._options["traceback"]:
            import traceback

            self._output.note(visible("".join(traceback.format_exception(exc)).rstrip()))


def _client(options: dict[str, Any]) -> Client:
    """The client: one of a configuration file, or a new one, with the settings that were given."""
    from .._clients import Client

    settings = client_arguments(options)
    if options["config"] is None:
        return Client(**settings)
    file, name = split_profile(options["config"])
    return Client.from_config(file, name=name, **settings)
