"""Forms, with and without files."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import SpooledTemporaryFile

import hookline
from hookline.types import FileTypes, RequestFiles


def submit(client: hookline.Client, path: Path) -> None:
    fields = {"name": "value", "many": ["1", "2"], "number": 5, "flag": True, "none": None}
    client.post("https://weather.example/form", data=fields)
    with path.open("rb") as file:
        files: RequestFiles = {
            "plain": file,
            "bytes": b"content",
            "text": "content",
            "memory": io.BytesIO(b"content"),
            "named": ("report.txt", b"content"),
            "typed": ("report.txt", file, "text/plain"),
            "complete": ("report.txt", b"content", "text/plain", {"X-Part": "1"}),
            "unnamed": (None, b"content"),
        }
        client.post("https://weather.example/form", data=fields, files=files)
    pairs: list[tuple[str, FileTypes]] = [("images", b"1"), ("images", ("2.png", b"2"))]
    client.post("https://weather.example/form", files=pairs)
    with SpooledTemporaryFile() as spooled:
        client.post("https://weather.example/form", files={"spooled": spooled})


class AsyncFile:
    """An asynchronous file, as libraries for them have it."""

    async def read(self, size: int = -1, /) -> bytes:
        return b""


async def asubmit(client: hookline.AsyncClient) -> None:
    await client.post("https://weather.example/form", files={"file": AsyncFile()})
