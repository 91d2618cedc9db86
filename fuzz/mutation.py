"""Changes to a message that leave it well-formed more often than changes to its bytes do.

A message is cut into tags, texts, names, numbers and brackets. What is moved, copied or taken out is mostly a whole: an
element with what is in it, an object, a list, or a single token.
"""

import re
from collections.abc import Callable, Sequence
from random import Random

TOKEN = re.compile(rb'<[^<>]{0,300}>|"(?:[^"\\]|\\.){0,300}"|[A-Za-z0-9_.+-]+|\s+|.', re.DOTALL)

_NAME = re.compile(rb"</?[A-Za-z][^\s<>/]*")

Tokens = list[bytes]
_Change = Callable[[Tokens, Random, Sequence[bytes]], None]


def mutate(body: bytes, seed: int, words: Sequence[bytes]) -> bytes:
    """The message changed in one to three places; the same seed changes it in the same way."""
    draw = Random(seed)
    tokens: Tokens = TOKEN.findall(body) or [b""]
    for _ in range(draw.randint(1, 3)):
        draw.choice(_CHANGES)(tokens, draw, words)
    return b"".join(tokens)


def _whole(tokens: Tokens, draw: Random) -> slice:
    """The place of some token with all that it opens, and of a JSON member's name with its value."""
    begin = max((draw.randrange(len(tokens) or 1) for _ in range(3)), key=lambda at: _says(tokens[at : at + 1]))
    end = _end(tokens, begin)
    return slice(begin, _end(tokens, end + 1) if tokens[end : end + 1] == [b":"] else end)


def _says(token: Tokens) -> bool:
    """Whether the token is more than a mark between others."""
    return not (token and (token[0] in b",:" or token[0].isspace() or _opens(token[0]) < 0))


def _end(tokens: Tokens, begin: int) -> int:
    depth = 0
    for at in range(begin, len(tokens)):
        depth += _opens(tokens[at])
        if depth <= 0:
            return at + 1
    return begin + 1


def _opens(token: bytes) -> int:
    """1 where the token opens a whole, -1 where it closes one."""
    if token in (b"{", b"[") or (token[:1] == b"<" and token[1:2].isalpha() and token[-2:] != b"/>"):
        return 1
    return -1 if token in (b"}", b"]") or token[:2] == b"</" else 0


def _remove(tokens: Tokens, draw: Random, _: Sequence[bytes]) -> None:
    """Also the comma behind it, or else the one before."""
    place = _whole(tokens, draw)
    if tokens[place.stop : place.stop + 1] == [b","]:
        place = slice(place.start, place.stop + 1)
    elif tokens[max(place.start - 1, 0) : place.start] == [b","]:
        place = slice(place.start - 1, place.stop)
    del tokens[place]


def _repeat(tokens: Tokens, draw: Random, _: Sequence[bytes]) -> None:
    place = _whole(tokens, draw)
    comma = [b","] if b"," in (tokens[place.start - 1 : place.start] + tokens[place.stop : place.stop + 1]) else []
    tokens[place.stop : place.stop] = [*comma, *tokens[place]]


def _copy_over(tokens: Tokens, draw: Random, _: Sequence[bytes]) -> None:
    copied = tokens[_whole(tokens, draw)]
    tokens[_whole(tokens, draw)] = copied


def _copy_to(tokens: Tokens, draw: Random, _: Sequence[bytes]) -> None:
    copied = tokens[_whole(tokens, draw)]
    at = draw.randint(0, len(tokens))
    tokens[at:at] = copied


def _write_over(tokens: Tokens, draw: Random, words: Sequence[bytes]) -> None:
    tokens[_whole(tokens, draw)] = [draw.choice(words)]


def _rename(tokens: Tokens, draw: Random, words: Sequence[bytes]) -> None:
    """Another name for an element, at its start and at its end."""
    place = _whole(tokens, draw)
    begin = _NAME.match(tokens[place.start]) if tokens else None
    if begin is not None:
        name = draw.choice([word for word in words if word.isalnum()] or [b"x"])
        tokens[place.start] = b"<" + name + tokens[place.start][begin.end() :]
        if place.stop - place.start > 1:
            tokens[place.stop - 1] = _NAME.sub(b"</" + name, tokens[place.stop - 1])


def _write_to(tokens: Tokens, draw: Random, words: Sequence[bytes]) -> None:
    tokens.insert(draw.randint(0, len(tokens)), draw.choice(words))


def _swap(tokens: Tokens, draw: Random, _: Sequence[bytes]) -> None:
    first, second = draw.randrange(len(tokens) or 1), draw.randrange(len(tokens) or 1)
    if tokens:
        tokens[first], tokens[second] = tokens[second], tokens[first]


def _flip(tokens: Tokens, draw: Random, _: Sequence[bytes]) -> None:
    """Another byte in a token."""
    at = draw.randrange(len(tokens) or 1)
    if tokens and tokens[at]:
        place = draw.randrange(len(tokens[at]))
        tokens[at] = tokens[at][:place] + bytes((draw.randrange(256),)) + tokens[at][place + 1 :]


def _cut(tokens: Tokens, draw: Random, _: Sequence[bytes]) -> None:
    """The end is missing."""
    del tokens[draw.randint(0, len(tokens)) :]


_CHANGES: Sequence[_Change] = (
    *(_remove, _remove, _repeat, _repeat, _copy_over, _copy_over, _copy_to, _rename, _rename),
    *(_write_over, _write_over, _write_to, _swap, _flip, _flip, _cut),
)
