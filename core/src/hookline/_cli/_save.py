"""Saving a body: under which name, and with a progress bar where somebody looks.

A name that a server chose is a suggestion. Of it, the last part is used, without what a file system
or a shell would take for something else; and it never takes the place of a file that is there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ._failures import Refused
from ._output import Output
from ._pretty import plain
from ._text import size, visible

if TYPE_CHECKING:
    from .._models import Response
    from .._url import URL

# Shells, and Windows, read these; "/" and "\" are cut at before.
_RESERVED = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"|?*\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e007f]'
)
# Devices on Windows, whatever the suffix.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# Bytes: what most file systems allow is 255, and a number may have to be added.
_LONGEST = 200

# The standard output, as a name.
STANDARD_OUTPUT = "-"


def check(target: str) -> None:
    """Refuse a target that cannot be written, before anything is sent."""
    path = Path(target)
    if target.endswith(("/", os.sep)) and not path.is_dir():
        raise Refused(f"There is no directory {target}.")
    if not path.is_dir() and not path.parent.is_dir():
        raise Refused(f"There is no directory {path.parent} to save {path.name} in.")


def save(response: Response, target: str, first_url: URL, output: Output) -> tuple[Path, int]:
    """Save a body as `target`, or in it where that is a directory. Returns path and size.

    `first_url` is what was asked for: a redirect does not choose the name. Raises OSError, and what
    reading the body raises, with a note that the file is incomplete.
    """
    file, path = _opened(response, target, first_url)
    shown = visible(str(path))
    written = 0
    try:
        with file:
            for piece in _pieces(response, shown, output):
                written += file.write(piece)
    except BaseException:
        output.note(f"{shown} is incomplete: it has {size(written)}.")
        raise
    if output.notes_are_seen or Path(target).is_dir():
        output.note(f"Saved {size(written)} as {shown}")
    return path, written


def _opened(response: Response, target: str, first_url: URL) -> tuple[IO[bytes], Path]:
    folder = Path(target)
    if not folder.is_dir():
        return folder.open("wb"), folder
    name = file_name(response, first_url)
    stem, suffix = os.path.splitext(name)
    number = 0
    while True:
        path = folder / (f"{stem}-{number}{suffix}" if number else name)
        try:
            # Whatever is there stays: a link too, wherever that leads.
            return path.open("xb"), path
        except FileExistsError:
            number += 1


def file_name(response: Response, first_url: URL) -> str:
    """A name for the body: the server's, or the last part of the URL, or one made up."""
    from urllib.parse import unquote

    candidates = [
        _disposition(response.headers.get("content-disposition", "")),
        unquote(first_url.raw_path.partition(b"?")[0].decode("ascii").rpartition("/")[2]),
    ]
    for candidate in candidates:
        if name := safe_name(candidate):
            return name
    import mimetypes

    mime = response.headers.get("content-type", "").partition(";")[0].strip()
    return f"download{mimetypes.guess_extension(mime) or ''}"


def safe_name(name: str) -> str:
    """A name that is a file in the directory it is used in, and nothing else; "" for none."""
    name = re.split(r"[/\\]", name)[-1]
    # Hidden files are configuration, as often as not; Windows drops dots and spaces at the end.
    name = _RESERVED.sub("_", name).strip(" .").lstrip("-")
    if _DEVICE.fullmatch(name):
        name = f"_{name}"
    stem, suffix = os.path.splitext(name)
    suffix = suffix if len(suffix.encode()) < _LONGEST // 2 else ""
    room = _LONGEST - len(suffix.encode())
    stem = name if not suffix else stem
    return stem.encode("utf-8", "replace")[:room].decode("utf-8", "ignore") + suffix


def _disposition(value: str) -> str:
    """The file's name in a Content-Disposition (RFC 6266), or ""."""
    if not value:
        return ""
    from email.message import Message

    message = Message()
    message["Content-Disposition"] = re.sub(r"[\r\n]", " ", value)
    try:
        return message.get_filename() or ""
    except UnicodeError:
        # RFC 8187: a name in a charset that Python knows, and that takes no such bytes.
        return ""


def _pieces(response: Response, shown: str, output: Output) -> Iterator[bytes]:
    if not output.notes_are_seen:
        yield from response.iter_bytes()
        return
    import sys

    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    length = response.headers.get("content-length", "")
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        console=Console(file=sys.stderr, no_color=output.paint_note is plain),
        transient=True,
        expand=True,
    )
    with progress:
        total = int(length) if length.isdecimal() else None
        task = progress.add_task(escape(shown), total=total)
        for piece in response.iter_bytes():
            yield piece
            progress.update(task, completed=response.num_bytes_downloaded)
