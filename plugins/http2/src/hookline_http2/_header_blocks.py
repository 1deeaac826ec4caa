"""Header blocks: HPACK (RFC 7541), with a memory.

A block means the same as last time as long as the table that it refers to stands still, and most
of a connection's blocks are alike. So both directions remember whole blocks, and the encoder sees
to it that its table comes to rest. What is not plain in a block that arrives, the `hpack` package
decides.
"""

from __future__ import annotations

from typing import Any, Final

from hpack import Decoder
from hpack.exceptions import HPACKError
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from ._codec import MAX_HEADER_LIST_SIZE, Fields
from ._messages import Message, read_message

_Field = tuple[bytes, bytes]

# RFC 7541 section 4.1: what an entry counts for beyond its name and value.
_OVERHEAD: Final = 32
_STATIC: Final = HeaderTable.STATIC_TABLE
_FIRST_DYNAMIC: Final = len(_STATIC) + 1
_STATIC_FIELDS: Final = {field: index for index, field in reversed([*enumerate(_STATIC, 1)])}
_STATIC_NAMES: Final = {name: index for index, (name, _) in reversed([*enumerate(_STATIC, 1)])}

# RFC 7541 section 6: what the first byte of a representation says.
_INDEXED: Final = 0x80
_INSERTED: Final = 0x40
_RESIZED: Final = 0x20
_NEVER_INDEXED: Final = 0x10

# Of either table: what RFC 9113 section 6.5.2 has servers expect, and more than a client's fields
# take. A server that allows for more is not taken at its word.
_TABLE_SIZE: Final = 4096
# How many blocks, or strings, are remembered, and up to which size.
_KEPT: Final = 256
_LARGEST_KEPT: Final = 2048
# How many blocks' insertions may be put off.
_PUT_OFF: Final = 64

# RFC 7541 section 7.1.3: what must not be guessed by watching how well it compresses. As h2,
# nghttp2 and Firefox have it; a longer cookie is taken for too long to be guessed.
_SECRET: Final = frozenset({b"authorization", b"proxy-authorization"})
_SHORT_COOKIE: Final = 20
# What says something else in every request would only push out what does not. nghttp2's list.
_FLEETING: Final = frozenset(
    {b":path", b"content-length", b"if-modified-since", b"if-none-match", b"range"}
)


class BlockEncoder:
    """Requests' header fields as blocks.

    A field enters the table when it comes a second time, and stays: nothing is ever pushed out.
    Literals are not Huffman-coded: a field that comes again takes a byte or two anyway, and for
    others the code costs more time here than it saves on the wire.
    """

    def __init__(self) -> None:
        self._blocks: dict[tuple[_Field, ...], bytes] = {}
        # The table, oldest first: each entry's running number. The last one is `_count`.
        self._table: dict[_Field, int] = {}
        self._count = 0
        self._size = 0
        self._limit = _TABLE_SIZE
        # The smallest limit since the last block, where there was a change.
        self._lowest: int | None = None
        self._seen_once: set[_Field] = set()

    def encode(self, fields: Fields) -> bytes:
        """The block for these fields. To be sent, and in this order."""
        key = tuple(fields)
        return self._blocks.get(key) or self._encode(key)

    def resize(self, limit: int) -> None:
        """The server allows for a table of this size (SETTINGS_HEADER_TABLE_SIZE)."""
        limit = min(limit, _TABLE_SIZE)
        if limit == self._limit:
            return
        self._limit = limit
        self._lowest = limit if self._lowest is None else min(limit, self._lowest)
        while self._size > limit:
            oldest = next(iter(self._table))
            del self._table[oldest]
            self._size -= _entry_size(oldest)
        self._blocks.clear()

    def _encode(self, fields: tuple[_Field, ...]) -> bytes:
        parts: list[bytes] = []
        is_at_rest = True
        if self._lowest is not None:
            # RFC 7541 section 4.2: the smallest size in between, and the last.
            if self._lowest < self._limit:
                parts.append(_integer(_RESIZED, 5, self._lowest))
            parts.append(_integer(_RESIZED, 5, self._limit))
            self._lowest = None
            is_at_rest = False
        for field in fields:
            name, value = field
            index = _STATIC_FIELDS.get(field)
            if index is None and field in self._table:
                index = _FIRST_DYNAMIC + self._count - self._table[field]
            if index is not None:
                parts.append(_integer(_INDEXED, 7, index))
            elif name in _SECRET or (name == b"cookie" and len(value) < _SHORT_COOKIE):
                parts.append(_literal(_NEVER_INDEXED, 4, field))
            elif name in _FLEETING or self._size + _entry_size(field) > self._limit:
                parts.append(_literal(0, 4, field))
            elif field in self._seen_once:
                self._seen_once.remove(field)
                parts.append(_literal(_INSERTED, 6, field))
                self._insert(field)
                is_at_rest = False
            else:
                if len(self._seen_once) >= _KEPT:
                    self._seen_once.clear()
                self._seen_once.add(field)
                parts.append(_literal(0, 4, field))
                is_at_rest = False
        block = b"".join(parts)
        if is_at_rest and len(block) <= _LARGEST_KEPT:
            if len(self._blocks) >= _KEPT:
                self._blocks.clear()
            self._blocks[fields] = block
        return block

    def _insert(self, field: _Field) -> None:
        self._count += 1
        self._table[field] = self._count
        self._size += _entry_size(field)
        # Every index has moved.
        self._blocks.clear()


class BlockDecoder:
    """Blocks from a server as messages, in the order in which they arrive."""

    def __init__(self) -> None:
        self._hpack = Decoder(max_header_list_size=MAX_HEADER_LIST_SIZE)
        # Blocks that do not refer to the table, and what they insert; and blocks that do, which
        # are good until something is inserted.
        self._lasting: dict[bytes, tuple[Message, list[_Field]]] = {}
        self._passing: dict[bytes, Message] = {}
        # What is still to be inserted, one list for each block. Some servers (nginx) insert every
        # field of every response, and never refer to any.
        self._put_off: list[list[_Field]] = []
        self._strings: dict[bytes, bytes] = {}

    def decode(self, block: bytes) -> Message:
        """What a block says. Raises HPACKError; the connection cannot be used after that."""
        known = self._lasting.get(block)
        if known is not None:
            message, inserted = known
            if inserted:
                self._insert(inserted)
            return message
        return self._passing.get(block) or self._decode(block)

    def _decode(self, block: bytes) -> Message:
        plain = self._read(block)
        if plain is None:
            self._settle()
            self._passing.clear()
            return read_message(list(self._hpack.decode(block, raw=True)))
        fields, inserted, has_references = plain
        message = read_message(fields)
        if inserted:
            self._insert(inserted)
        is_small = len(block) <= _LARGEST_KEPT
        if not is_small:
            self._settle()
        elif not has_references:
            _keep(self._lasting, block, (message, inserted))
        elif not inserted:
            _keep(self._passing, block, message)
        return message

    def _read(self, block: bytes) -> tuple[Fields, list[_Field], bool] | None:
        """Fields, which of them are to be inserted, and whether the table was referred to; or None
        where something is wrong, or out of the ordinary. Changes nothing."""
        fields: Fields = []
        inserted: list[_Field] = []
        has_references = False
        size = 0
        position = 0
        end = len(block)
        try:
            while position < end:
                first = block[position]
                position += 1
                if first & _INDEXED:
                    mask = 0x7F
                elif first & _INSERTED:
                    mask = 0x3F
                elif first & _RESIZED:
                    return None
                else:
                    mask = 0x0F
                index = first & mask
                if index == mask:
                    index, position = _read_integer(block, position, mask)
                if index >= _FIRST_DYNAMIC:
                    if inserted:
                        return None
                    if self._put_off:
                        self._settle()
                    has_references = True
                    field = self._hpack.header_table.dynamic_entries[index - _FIRST_DYNAMIC]
                elif index:
                    field = _STATIC[index - 1]
                elif mask == 0x7F:
                    return None
                else:
                    name, position = self._read_string(block, position)
                    field = (name, b"")
                if mask != 0x7F:
                    value, position = self._read_string(block, position)
                    field = (field[0], value)
                    if mask == 0x3F:
                        inserted.append(field)
                fields.append(field)
                size += _OVERHEAD + len(field[0]) + len(field[1])
        except (IndexError, HPACKError):
            return None
        if size > MAX_HEADER_LIST_SIZE:
            return None
        return fields, inserted, has_references

    def _read_string(self, block: bytes, position: int) -> tuple[bytes, int]:
        first = block[position]
        length = first & 0x7F
        position += 1
        if length == 0x7F:
            length, position = _read_integer(block, position, length)
        end = position + length
        string = block[position:end]
        if len(string) != length:
            raise IndexError
        if first & 0x80:
            coded = string
            known = self._strings.get(coded)
            if known is not None:
                return known, end
            string = decode_huffman(coded)
            if length <= _LARGEST_KEPT // 8:
                _keep(self._strings, coded, string)
        return string, end

    def _insert(self, fields: list[_Field]) -> None:
        if self._passing:
            self._passing.clear()
        self._put_off.append(fields)
        if len(self._put_off) >= _PUT_OFF:
            self._settle()

    def _settle(self) -> None:
        """Make the insertions that were put off: as many of the last ones as the table holds."""
        table = self._hpack.header_table
        lasting: list[_Field] = []
        room = table.maxsize
        for fields in reversed(self._put_off):
            for field in reversed(fields):
                room -= _entry_size(field)
                if room < 0:
                    break
                lasting.append(field)
            if room < 0:
                # So much has come in since that nothing older is left.
                size = table.maxsize
                table.maxsize = 0
                table.maxsize = size
                break
        self._put_off.clear()
        for name, value in reversed(lasting):
            table.add(name, value)


def _keep(memory: dict[bytes, Any], key: bytes, value: object) -> None:
    if len(memory) >= _KEPT:
        memory.clear()
    memory[key] = value


def _entry_size(field: _Field) -> int:
    return _OVERHEAD + len(field[0]) + len(field[1])


def _integer(bits: int, prefix: int, number: int) -> bytes:
    """RFC 7541 section 5.1; `bits` are those before the prefix."""
    limit = (1 << prefix) - 1
    if number < limit:
        return bytes((bits | number,))
    number -= limit
    coded = bytearray((bits | limit,))
    while number > 0x7F:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    coded.append(number)
    return bytes(coded)


def _literal(bits: int, prefix: int, field: _Field) -> bytes:
    """RFC 7541 section 6.2."""
    name, value = field
    index = _STATIC_NAMES.get(name)
    if index is not None:
        return _integer(bits, prefix, index) + _integer(0, 7, len(value)) + value
    return b"".join(
        (bytes((bits,)), _integer(0, 7, len(name)), name, _integer(0, 7, len(value)), value)
    )


def _read_integer(block: bytes, position: int, number: int) -> tuple[int, int]:
    """The rest of an integer whose prefix is full. Raises IndexError."""
    shift = 0
    while True:
        byte = block[position]
        position += 1
        number += (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
        shift += 7
        if shift > 21:
            # Nothing is that large.
            raise IndexError
