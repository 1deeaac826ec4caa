"""Multipart forms: what is written, how files are read, what is refused, and what is sent again."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import trio

import hookline
from hookline import ByteStream, Request, StreamConsumed, SyncByteStream
from hookline._multipart import MultipartStream
from support.modes import Mode
from support.raw import Conversation, raw_server

HERE = "http://example.org/"
TYPE = "multipart/form-data; boundary=BB"
OCTETS = "Content-Type: application/octet-stream\r\n"


def form(**arguments: Any) -> Request:
    """A request with a form whose boundary is known."""
    headers = {"Content-Type": TYPE}
    return Request("POST", HERE, headers=headers, **arguments)


async def sent(mode: Mode, request: Request) -> bytes:
    """The body as a transport pulls it."""
    stream: Any = request.stream
    if mode.is_async:
        return b"".join([piece async for piece in stream])
    return b"".join(stream)


def part(disposition: str, *lines: str, content: str = "1") -> bytes:
    """A form of one part."""
    head = "".join(f"{line}\r\n" for line in lines)
    text = f"--BB\r\nContent-Disposition: form-data; {disposition}\r\n{head}\r\n{content}\r\n"
    return f"{text}--BB--\r\n".encode()


class Plain:
    """A file that can be read, and nothing else."""

    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)


class AsyncPlain(Plain):
    """The same with methods that are awaited."""

    async def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        return self._file.read(size)


class AsyncSeekable(AsyncPlain):
    async def seek(self, position: int) -> int:
        return self._file.seek(position)


# -- What is written ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "disposition", "lines"),
    [
        (b"1", 'name="f"; filename="upload"', [OCTETS]),
        ("1", 'name="f"; filename="upload"', [OCTETS]),
        (bytearray(b"1"), 'name="f"; filename="upload"', [OCTETS]),
        (memoryview(b"1"), 'name="f"; filename="upload"', [OCTETS]),
        (("a.txt", b"1"), 'name="f"; filename="a.txt"', ["Content-Type: text/plain\r\n"]),
        (("a.unknown", b"1"), 'name="f"; filename="a.unknown"', [OCTETS]),
        (("a.txt", "1", "x/y"), 'name="f"; filename="a.txt"', ["Content-Type: x/y\r\n"]),
        (("a.txt", "1", None), 'name="f"; filename="a.txt"', ["Content-Type: text/plain\r\n"]),
        ((None, b"1"), 'name="f"', []),
        (("", b"1"), 'name="f"', []),
        ((None, b"1", "x/y"), 'name="f"', ["Content-Type: x/y\r\n"]),
        (
            ("a", b"1", "x/y", {"X-A": "é", "X-B": "2"}),
            'name="f"; filename="a"',
            ["X-A: é\r\n", "X-B: 2\r\n", "Content-Type: x/y\r\n"],
        ),
        (
            ("a", b"1", "x/y", {"content-TYPE": "q/r"}),
            'name="f"; filename="a"',
            ["content-TYPE: q/r\r\n"],
        ),
        (("a", b"1", "x/y", None), 'name="f"; filename="a"', ["Content-Type: x/y\r\n"]),
    ],
)
def test_a_file_is_a_part_with_a_name_and_a_type(
    value: Any, disposition: str, lines: list[str]
) -> None:
    expected = part(disposition, *[line.removesuffix("\r\n") for line in lines])
    request = form(files={"f": value})

    assert expected == request.read()
    assert str(len(expected)) == request.headers["content-length"]


def test_fields_come_before_files_and_lists_are_fields_of_one_name() -> None:
    data = {"a": ["1", 2, None], "b": True, "c": b"\xff", "d": (), "e": 1.5}
    body = form(data=data, files=[("f", (None, b"x")), ("f", (None, b"y"))]).read()
    contents = [piece.split(b"\r\n", 3)[1:] for piece in body.split(b"--BB")[1:-1]]

    assert contents == [
        [b'Content-Disposition: form-data; name="%b"' % name, b"", value + b"\r\n"]
        for name, value in [
            (b"a", b"1"),
            (b"a", b"2"),
            (b"a", b""),
            (b"b", b"true"),
            (b"c", b"\xff"),
            (b"e", b"1.5"),
            (b"f", b"x"),
            (b"f", b"y"),
        ]
    ]


def test_a_form_without_files_is_no_multipart() -> None:
    for files in ({}, [], None):
        request = Request("POST", HERE, data={"a": "1"}, files=files)

        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.content == b"a=1"


def test_the_name_of_a_file_is_the_last_part_of_its_path(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"1")
    with path.open("rb") as file:
        body = form(files={"f": file}).read()

    assert body == part('name="f"; filename="picture.png"', "Content-Type: image/png")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ('a"b', "a%22b"),
        ("a\\b", "a\\\\b"),
        ("a\r\nb", "a%0D%0Ab"),
        ("a\0b\tc", "a%00b%09c"),
        ("a\x1bb\x7f", "a\x1bb\x7f"),
        ("snow ☃ %22", "snow ☃ %22"),
        ('"; filename="evil.sh', "%22; filename=%22evil.sh"),
        ("x\r\nX-Injected: 1\r\n\r\n<script>", "x%0D%0AX-Injected: 1%0D%0A%0D%0A<script>"),
    ],
)
def test_names_are_escaped_as_in_browsers(name: str, written: str) -> None:
    plain = {"Content-Type": "x/y"}
    body = form(files={name: (name, b"1", None, plain)}).read()

    assert body == part(f'name="{written}"; filename="{written}"', "Content-Type: x/y")
    assert (
        form(data={name: "1"}, files={"f": (None, b"2")})
        .read()
        .startswith(
            f'--BB\r\nContent-Disposition: form-data; name="{written}"\r\n\r\n1\r\n--BB'.encode()
        )
    )


# -- The boundary ---------------------------------------------------------------------------


def test_boundary_is_made_for_each_form() -> None:
    types = {Request("POST", HERE, files={"f": b"1"}).headers["content-type"] for _ in range(3)}
    request = Request("POST", HERE, files={"f": b"1"})
    boundary = request.headers["content-type"].removeprefix("multipart/form-data; boundary=")

    assert len(types) == 3
    assert len(boundary) == 32
    assert request.read().startswith(f"--{boundary}\r\n".encode())
    assert request.read().endswith(f"\r\n--{boundary}--\r\n".encode())


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=B", "B"),
        ("multipart/form-data;boundary=B;x=y", "B"),
        ('multipart/form-data; boundary="a b"', "a b"),
        ("multipart/form-data; charset=utf-8; BOUNDARY=B", "B"),
        ("Multipart/Mixed; boundary=B", "B"),
        ("multipart/form-data; boundary=" + "x" * 100, "x" * 100),
    ],
)
def test_boundary_of_the_content_type_is_used(content_type: str, boundary: str) -> None:
    headers = {"content-type": content_type}
    request = Request("POST", HERE, headers=headers, files={"f": b"1"})

    assert request.headers["content-type"] == content_type
    assert request.read().startswith(f"--{boundary}\r\n".encode())
    assert request.read().endswith(f"\r\n--{boundary}--\r\n".encode())
    assert request.headers["content-length"] == str(len(request.read()))


def test_boundary_that_the_content_type_lacks_is_added() -> None:
    headers = {"content-type": "multipart/form-data; charset=utf-8"}
    request = Request("POST", HERE, headers=headers, files={"f": b"1"})
    before, _, boundary = request.headers["content-type"].rpartition("; boundary=")

    assert before == "multipart/form-data; charset=utf-8"
    assert request.read().startswith(f"--{boundary}\r\n".encode())


def test_content_type_that_is_no_multipart_is_the_users_business() -> None:
    headers = {"content-type": "application/x-mine"}
    request = Request("POST", HERE, headers=headers, files={"f": b"1"})

    assert request.headers["content-type"] == "application/x-mine"
    assert b"\r\nContent-Disposition: form-data" in request.read()


@pytest.mark.parametrize("boundary", ["", '"a', "a\\b", "a\tb", "a\r\nb", '""'])
def test_boundary_that_could_not_be_read_again_is_refused(boundary: str) -> None:
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}

    with pytest.raises(ValueError, match=r"boundary .* cannot be used"):
        Request("POST", HERE, headers=headers, files={"f": b"1"})


# -- Files ----------------------------------------------------------------------------------


async def test_a_file_is_sent_from_its_start_wherever_it_stands(mode: Mode, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    in_memory = io.BytesIO(b"0123456789")
    in_memory.read()
    with path.open("rb") as on_disk:
        on_disk.seek(4)
        for file in (on_disk, in_memory):
            request = form(files={"f": ("a", file, "x/y")})
            body = await sent(mode, request)

            assert body == part('name="f"; filename="a"', "Content-Type: x/y", content="0123456789")
            assert request.headers["content-length"] == str(len(body))


async def test_a_file_can_be_sent_again(mode: Mode) -> None:
    request = form(files={"f": io.BytesIO(b"x" * 200_000)})
    first = await sent(mode, request)

    assert len(first) > 200_000
    assert first == await sent(mode, request)


@pytest.mark.parametrize("make", [Plain, lambda content: iter([content])])
async def test_what_cannot_go_back_is_sent_once(mode: Mode, make: Callable[[bytes], Any]) -> None:
    request = form(files={"f": make(b"content")})
    body = await sent(mode, request)

    assert request.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in request.headers
    assert body == part(
        'name="f"; filename="upload"', OCTETS.removesuffix("\r\n"), content="content"
    )
    with pytest.raises(StreamConsumed):
        await sent(mode, request)


async def test_a_large_file_is_read_in_pieces_while_it_is_sent(mode: Mode) -> None:
    class Watched(io.BytesIO):
        largest = 0
        at_once = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None
            self.largest = max(self.largest, size)
            self.at_once += 1
            return super().read(size)

    file = Watched(b"x" * 300_000)
    request = form(files={"f": file})

    assert file.at_once == 0
    stream: Any = request.stream
    pieces = [piece async for piece in stream] if mode.is_async else list(stream)
    assert file.largest == 65_536
    assert max(map(len, pieces)) == 65_536


def test_many_small_parts_are_few_pieces_and_none_is_large() -> None:
    data = {f"field{number}": "" for number in range(5000)}
    request = form(data=data, files={"f": io.BytesIO(b"x")})
    assert isinstance(request.stream, SyncByteStream)
    sizes = [len(piece) for piece in request.stream]

    assert str(sum(sizes)) == request.headers["content-length"]
    assert len(sizes) < 16
    assert max(sizes) < 66_000


def test_form_that_is_in_memory_and_small_is_bytes() -> None:
    request = form(data={"a": "1"}, files={"f": b"x"})
    large = form(files={"f": b"x" * 70_000})

    assert isinstance(request.stream, ByteStream)
    assert request.content == request.read()
    assert isinstance(large.stream, MultipartStream)
    assert len(large.read()) == int(large.headers["content-length"])


def test_pieces_of_unknown_length_are_not_held_back() -> None:
    taken = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            taken.append(number)
            yield b"%d" % number

    request = form(files={"f": (None, pieces())})
    assert isinstance(request.stream, SyncByteStream)
    stream = iter(request.stream)
    head = next(stream)

    assert head.startswith(b"--BB")
    assert [next(stream), taken[-1], next(stream), taken[-1]] == [b"0", 0, b"1", 1]


def test_size_is_that_of_what_is_read_not_of_what_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"x" * 100_000)
    with gzip.open(path, "rb") as file:
        request = form(files={"f": file})
        body = request.read()

    assert len(body) > 100_000
    assert request.headers["content-length"] == str(len(body))


def test_pipe_is_chunked() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as file:
        os.write(writing, b"1")
        os.close(writing)
        request = form(files={"f": ("a", file, "x/y")})

        assert request.headers["transfer-encoding"] == "chunked"
        assert request.read() == part('name="f"; filename="a"', "Content-Type: x/y")


def test_device_is_chunked() -> None:
    with open("/dev/zero", "rb") as file:
        request = form(files={"f": file})

    assert request.headers["transfer-encoding"] == "chunked"


@pytest.mark.parametrize(
    "make",
    [tempfile.TemporaryFile, tempfile.NamedTemporaryFile, tempfile.SpooledTemporaryFile],
)
def test_temporary_file_is_a_file(make: Callable[[], Any]) -> None:
    with make() as file:
        file.write(b"1")
        request = form(files={"f": ("a", file, "x/y")})

        assert request.read() == part('name="f"; filename="a"', "Content-Type: x/y")
        assert request.headers["content-length"] == str(len(request.read()))


def test_file_that_grows_is_sent_as_long_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 100_000)
    with path.open("rb") as file:
        request = form(files={"f": file})
        with path.open("ab") as log:
            log.write(b"more" * 100_000)

        assert len(request.read()) == int(request.headers["content-length"])


@pytest.mark.parametrize(
    "make", [lambda folder: (folder / "f").open("w+"), lambda _: io.StringIO()]
)
def test_text_file_is_refused(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    with make(tmp_path) as file:
        for value in (file, ("a", file)):
            with pytest.raises(TypeError, match="Multipart file uploads"):
                form(files={"f": value})


def test_text_that_comes_out_of_a_file_is_refused() -> None:
    with tempfile.NamedTemporaryFile("w+") as file:
        file.write("text")
        with pytest.raises(TypeError, match="opened in binary mode, not text mode"):
            form(files={"f": file}).read()


# -- Asynchronous files ---------------------------------------------------------------------


async def pieces() -> AsyncIterator[bytes]:
    yield b"0123"
    yield b""
    yield b"456789"


@pytest.mark.parametrize("opening", [anyio.open_file, trio.open_file])
async def test_asynchronous_file_is_awaited_and_its_length_known(
    mode: Mode, tmp_path: Path, opening: Any
) -> None:
    if mode.name == "sync" or (opening is trio.open_file and mode.name != "trio"):
        return
    path = tmp_path / "numbers"
    path.write_bytes(b"0123456789")
    async with await opening(path, "rb") as file:
        await file.read(3)
        request = form(files={"f": file})
        bodies = [await sent(mode, request) for _ in range(2)]

    expected = part(
        'name="f"; filename="numbers"', OCTETS.removesuffix("\r\n"), content="0123456789"
    )
    assert bodies == [expected, expected]
    assert request.headers["content-length"] == str(len(expected))


@pytest.mark.parametrize("make", [AsyncPlain, AsyncSeekable, lambda _: pieces()])
async def test_asynchronous_file_without_a_length_is_chunked(
    mode: Mode, make: Callable[[bytes], Any]
) -> None:
    if not mode.is_async:
        return
    request = form(files={"f": (None, make(b"0123456789"))}, data={"a": "1"})
    body = await sent(mode, request)

    assert body.endswith(b"\r\n\r\n0123456789\r\n--BB--\r\n")
    assert request.headers["transfer-encoding"] == "chunked"
    if make is AsyncSeekable:
        assert body == await sent(mode, request)
    else:
        with pytest.raises(StreamConsumed):
            await sent(mode, request)


async def test_asynchronous_file_that_reads_by_aread(mode: Mode) -> None:
    class Areading:
        async def aread(self, size: int) -> bytes:
            return file.read(size)

        def read(self, size: int) -> bytes:
            raise AssertionError

    if not mode.is_async:
        return
    file = io.BytesIO(b"1")
    body = await sent(mode, form(files={"f": (None, Areading())}))

    assert body == part('name="f"')


async def test_asynchronous_text_file_is_refused(mode: Mode, tmp_path: Path) -> None:
    if not mode.is_async:
        return
    async with await anyio.open_file(tmp_path / "text", "w+") as file:
        with pytest.raises(TypeError, match="opened in binary mode, not text mode"):
            form(files={"f": file})


def test_asynchronous_file_is_refused_by_the_synchronous_client(server: str) -> None:
    generator = pieces()
    for file in (AsyncPlain(b"1"), generator):
        with hookline.Client() as client:
            with pytest.raises(RuntimeError, match="async request with a sync Client"):
                client.post(f"{server}/echo", files={"f": file})


async def test_synchronous_files_are_sent_by_either_client(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        for file in (io.BytesIO(b"x" * 100_000), Plain(b"x" * 100_000)):
            response = await client.post(f"{server}/echo", files={"f": ("a", file)})

            assert response.json()["body"].count("x") >= 100_000


# -- On the wire ----------------------------------------------------------------------------


async def test_form_is_one_message_with_its_length(mode: Mode) -> None:
    received = []

    def script(conversation: Conversation) -> None:
        head = conversation.receive_head()
        received.append((head, conversation.receive_exactly(int(_length(head)))))
        conversation.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        conversation.receive_to_end()

    with raw_server(script) as server:
        async with mode.client() as client:
            await client.post(
                server.url,
                data={"a": "1"},
                files={"f": ("a.txt", io.BytesIO(b"x" * 100_000))},
                headers={"Content-Type": TYPE},
            )

    head, body = received[0]
    assert b"\r\nContent-Type: multipart/form-data; boundary=BB\r\n" in head
    assert b"transfer-encoding" not in head.lower()
    assert body == (
        b'--BB\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
        b'--BB\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n" + b"x" * 100_000 + b"\r\n--BB--\r\n"
    )


def _length(head: bytes) -> bytes:
    return head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]


async def test_every_verb_with_a_body_takes_files(mode: Mode, server: str) -> None:
    async with mode.client() as client:
        for verb in ("POST", "PUT", "PATCH"):
            call = getattr(client, verb.lower())
            responses = [
                await call(f"{server}/echo", files={"f": b"x"}, headers={"Content-Type": TYPE}),
                await client.request(
                    verb, f"{server}/echo", files={"f": b"x"}, headers={"Content-Type": TYPE}
                ),
            ]
            async with client.stream(
                verb, f"{server}/echo", files={"f": b"x"}, headers={"Content-Type": TYPE}
            ) as streaming:
                await streaming.aread()
                responses.append(streaming)

            for response in responses:
                assert response.json()["method"] == verb
                assert response.json()["body"].encode() == form(files={"f": b"x"}).content


async def test_files_are_sent_again_where_a_redirect_leads(mode: Mode, server: str) -> None:
    async with mode.client(follow_redirects=True) as client:
        response = await client.post(
            f"{server}/redirect/307?to=/echo", files={"f": ("a", io.BytesIO(b"x" * 100_000))}
        )

        assert response.json()["body"].count("x") >= 100_000
        with pytest.raises(StreamConsumed):
            await client.post(
                f"{server}/redirect/307?to=/echo", files={"f": ("a", Plain(b"x" * 100_000))}
            )


async def test_files_are_sent_again_after_a_challenge(mode: Mode, server: str) -> None:
    auth = hookline.DigestAuth("user", "password")
    async with mode.client(auth=auth) as client:
        response = await client.post(
            f"{server}/digest/auth", files={"f": ("a", io.BytesIO(b"content"))}
        )

    assert response.status_code == 200
    assert "content" in response.json()["body"]


async def test_generator_finishes_when_the_upload_fails(mode: Mode) -> None:
    finished = []

    def synchronous() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 65_536
        finally:
            finished.append(True)

    async def asynchronous() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 65_536
        finally:
            finished.append(True)

    def script(conversation: Conversation) -> None:
        conversation.receive_exactly(100_000)
        conversation.close()

    file = asynchronous() if mode.is_async else synchronous()
    with raw_server(script) as server:
        async with mode.client() as client:
            with pytest.raises(hookline.TransportError):
                await client.post(server.url, files={"f": file})

    assert finished == [True]


# -- What is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (("a", b"1", "x/y\r\nX: 1"), r"the header 'Content-Type' .* control character '\\r'"),
        (("a", b"1", "x/y\n"), r"the header 'Content-Type' .* control character '\\n'"),
        (("a", b"1", "x\0y"), r"the header 'Content-Type' .* control character '\\x00'"),
        (("a", b"1", "x/y", {"A": "1\r\nB: 2"}), r"the header 'A' of the part 'f' .* position 1"),
        (("a", b"1", "x/y", {"A": "1\0"}), "the header 'A' of the part 'f'"),
        (("a", b"1", "x/y", {"A\r\nB": "1"}), r"a header called 'A\\r\\nB'"),
        (("a", b"1", "x/y", {"A:": "1"}), "a header called 'A:'"),
        (("a", b"1", "x/y", {"": "1"}), "a header called ''"),
        (("a", b"1", "x/y", {"é": "1"}), "a header called 'é'"),
        (("a", b"1", "x/y", {"content-type": "x\ny"}), "the header 'content-type'"),
        (("a",), r"'f' is a tuple of 1; expected \(filename, content\)"),
        (("a", b"1", "x/y", {}, 5), "'f' is a tuple of 5"),
    ],
)
def test_what_would_break_a_part_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        form(files={"f": value})


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"f": None}, "the content of the part 'f' is .*, not a NoneType"),
        ({"f": 1}, "the content of the part 'f' is .*, not a int"),
        ({"f": ["a.txt", b"1"]}, "not a list"),
        ({"f": Path("a.txt")}, r"not a \w+Path\. Open it, in binary mode: open\(path, 'rb'\)"),
        ({"f": ("a", None)}, "not a NoneType"),
        ({"f": (b"a", b"1")}, "the file name of the part 'f' is a str, not a bytes"),
        ({"f": ("a", b"1", 1)}, r"'f' are str to str, which 'Content-Type' \(str to int\) is not"),
        ({"f": ("a", b"1", None, {"A": 1})}, r"which 'A' \(str to int\) is not"),
        ({"f": ("a", b"1", None, {b"A": "1"})}, r"which b'A' \(bytes to str\) is not"),
        ({"f": ("a", b"1", None, [("A", "1")])}, "the headers of the part 'f' are a mapping"),
        ({1: b"1"}, r"Invalid type for name\. Expected str, got <class 'int'>: 1"),
        ([(b"f", b"1")], r"Invalid type for name\. Expected str, got <class 'bytes'>"),
        ("files", r"expected a mapping or a list of \(name, file\) pairs, not a str"),
        (1, r"expected a mapping or a list of \(name, file\) pairs, not a int"),
        ([b"1"], r"expected \(name, file\) pairs; one of them is a bytes"),
        ([("f", b"1", 2)], r"expected \(name, file\) pairs"),
    ],
)
def test_what_is_no_file_is_refused_and_named(files: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        form(files=files)


@pytest.mark.parametrize("value", [{"x": 1}, object(), [["x"]], {1}])
def test_what_is_no_field_is_refused_and_named(value: Any) -> None:
    with pytest.raises(TypeError, match=r"Invalid type for value\. Expected primitive type, got"):
        form(data={"a": value}, files={"f": b"1"})
    with pytest.raises(TypeError, match=r"Invalid type for name\. Expected str"):
        form(data={1: "a"}, files={"f": b"1"})


@pytest.mark.parametrize("piece", [1, None, ["x"]])
async def test_file_that_gives_no_bytes_is_refused(mode: Mode, piece: Any) -> None:
    class Wrong:
        def read(self, size: int) -> Any:
            return piece

    with pytest.raises(TypeError, match=r"reading the part 'f' gave .*, not bytes"):
        await sent(mode, form(files={"f": Wrong()}))
