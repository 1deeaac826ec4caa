"""Applications as transports, by their names in a program or a configuration file.

`transport={"name": "asgi", "options": {"app": "package.module:attribute"}}`. What they do is in
`asgi.py` and `wsgi.py`, which load when one of them is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .base import Transport

if TYPE_CHECKING:
    from typing import TextIO

    from .._models import Request, Response
    from .asgi_exchange import ASGIApp
    from .wsgi import WSGIApp


class ASGIByName(Transport):
    """`hookline.ASGITransport`, whose arguments are the options. For `AsyncClient`.

    - `app`: the application, or where it is: "package.module:attribute".
    - `raise_app_exceptions`: whether what the application raises is raised, or a status of 500.
    - `root_path`: where the application is mounted.
    - `client`: the address and the port that the application sees as its client's.
    """

    name: ClassVar[str] = "asgi"

    def __init__(
        self,
        app: ASGIApp | str,
        raise_app_exceptions: bool = True,
        root_path: str = "",
        client: tuple[str, int] = ("127.0.0.1", 123),
    ) -> None:
        from .asgi import ASGITransport

        self._transport = ASGITransport(app, raise_app_exceptions, root_path, client)

    def handle_request(self, request: Request) -> Response:
        """There is no way: raises RuntimeError."""
        raise RuntimeError(
            "The transport 'asgi' runs its application in an event loop. Use hookline.AsyncClient, "
            "or 'wsgi' where the application has that interface, too."
        )

    async def handle_async_request(self, request: Request) -> Response:
        """As `ASGITransport`."""
        return await self._transport.handle_async_request(request)

    def close(self) -> None:
        """Nothing was started."""

    async def aclose(self) -> None:
        """As `ASGITransport`."""
        await self._transport.aclose()


class WSGIByName(Transport):
    """`hookline.WSGITransport`, whose arguments are the options. For `Client`.

    - `app`: the application, or where it is: "package.module:attribute".
    - `raise_app_exceptions`: whether what the application raises is raised, or a status of 500.
    - `script_name`: where the application is mounted.
    - `remote_addr`: the address that the application sees as its client's.
    - `wsgi_errors`: where the application writes its errors.
    """

    name: ClassVar[str] = "wsgi"

    def __init__(
        self,
        app: WSGIApp | str,
        raise_app_exceptions: bool = True,
        script_name: str = "",
        remote_addr: str = "127.0.0.1",
        wsgi_errors: TextIO | None = None,
    ) -> None:
        from .wsgi import WSGITransport

        self._transport = WSGITransport(
            app, raise_app_exceptions, script_name, remote_addr, wsgi_errors
        )

    def handle_request(self, request: Request) -> Response:
        """As `WSGITransport`."""
        return self._transport.handle_request(request)

    async def handle_async_request(self, request: Request) -> Response:
        """There is no way: raises RuntimeError."""
        raise RuntimeError(
            "The transport 'wsgi' would block the event loop while its application runs. Use "
            "hookline.Client, or 'asgi' where the application has that interface, too."
        )


def load_app(app: Any) -> Any:
    """An application: itself, or what an import string such as "package.module:app" stands for.

    Raises ValueError where there is nothing under that name, and TypeError for what cannot be
    called. What importing the module itself raises passes through.
    """
    if not isinstance(app, str):
        if not callable(app):
            raise TypeError(
                "app: expected an application or a string such as 'package.module:app', not "
                f"{app!r} ({type(app).__name__})."
            )
        return app
    module_name, colon, attributes = app.partition(":")
    if not (module_name and colon and attributes):
        raise ValueError(f"app: expected a string such as 'package.module:app', not {app!r}.")
    from importlib import import_module

    try:
        found: Any = import_module(module_name)
    except ModuleNotFoundError as exc:
        missing = exc.name or ""
        if missing != module_name and not module_name.startswith(f"{missing}."):
            # The module is there; what it imports is not.
            raise
        raise ValueError(f"app: there is no module {missing!r}, which {app!r} names.") from exc
    for name in attributes.split("."):
        if not hasattr(found, name):
            raise ValueError(f"app: {app!r} leads nowhere: {found!r} has no attribute {name!r}.")
        found = getattr(found, name)
    if not callable(found):
        raise TypeError(f"app: {app!r} is {found!r}, which is no application: it is not callable.")
    return found
