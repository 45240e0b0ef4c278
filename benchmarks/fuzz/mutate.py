"""Mutations of files, as by a full disk, a bad cable, a bug or an attack."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

Mutation = Callable[[bytearray, random.Random], bytearray]
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_ODD = (
    b"0", b"-1", b"1e308", b"-1e308", b"nan", b"inf", b"", b"999999999999", b"4294967296", b"1e-320", b"x", b"0.0001",
    b"\xff\xfe", b"\0", "µ".encode(), b"../../../etc/passwd", b"%s%n", b"1,2",
)  # fmt: skip
_EXTREMES = tuple(
    value.to_bytes(size, order, signed=value < 0)
    for size in (2, 4, 8)
    for value in (0, 1, -1, 2 ** (8 * size - 1) - 1, -(2 ** (8 * size - 1)))
    for order in ("little", "big")
)


def damaged(content: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """Damage a file's content one to five times; ``other`` is a source of inserted pieces."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        if data:
            data = rng.choice(_MUTATIONS)(data, rng)
    if other and rng.random() < 0.05:
        at = rng.randrange(len(data) + 1)
        data[at : at + rng.randrange(64)] = other[:: rng.choice((1, 2))][: rng.randrange(1, 512)]
    return bytes(data)


def _at(data: bytearray, rng: random.Random) -> int:
    """Return a random position, more often in the header."""
    return rng.randrange(min(len(data), rng.choice((64, 512, 4096, len(data)))))


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 1, 4, 32))):
        data[_at(data, rng)] ^= 1 << rng.randrange(8)
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data) + 1)]


def _drop(data: bytearray, rng: random.Random) -> bytearray:
    at = _at(data, rng)
    del data[at : at + rng.choice((1, 2, 7, 64, 1000))]
    return data


def _repeat(data: bytearray, rng: random.Random) -> bytearray:
    at = _at(data, rng)
    piece = data[at : at + rng.choice((1, 8, 100, 2000))]
    data[at:at] = piece * rng.choice((1, 1, 2, 20))
    return data


def _extreme(data: bytearray, rng: random.Random) -> bytearray:
    value = rng.choice(_EXTREMES)
    at = _at(data, rng)
    data[at : at + len(value)] = value
    return data


def _number(data: bytearray, rng: random.Random) -> bytearray:
    """Replace a number written as text."""
    start = _at(data, rng)
    found = _NUMBER.search(data, start)
    if found:
        odd = rng.choice(_ODD)
        same = odd.ljust(len(found.group())) if rng.random() < 0.5 else odd
        data[found.start() : found.end()] = same
    return data


def _insert(data: bytearray, rng: random.Random) -> bytearray:
    at = _at(data, rng)
    data[at:at] = rng.choice(_ODD)
    return data


def _lines(data: bytearray, rng: random.Random) -> bytearray:
    """Swap, drop or repeat lines."""
    lines = bytes(data).split(b"\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[a], lines[b] = rng.choice(((lines[b], lines[a]), (lines[a], lines[a]), (b"", lines[b])))
    return bytearray(b"\n".join(lines))


def _cells(data: bytearray, rng: random.Random) -> bytearray:
    """Change how cells are parted."""
    old, new = rng.choice(((b",", b";"), (b".", b","), (b"\n", b"\r\n"), (b", ", b","), (b",", b"\t"), (b"\n", b"\r")))
    return data.replace(old, new, rng.choice((1, 5, -1)))


_MUTATIONS: tuple[Mutation, ...] = (
    _flip, _flip, _cut, _drop, _repeat, _extreme, _extreme, _number, _number, _insert, _lines, _cells,
)  # fmt: skip
