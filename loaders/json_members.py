"""Members of a large JSON file, one at a time, in bounded memory.

Format: RFC 8259, https://www.rfc-editor.org/rfc/rfc8259. The top level is an object; of a member
that is an array each element is handed out as soon as it is read.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kg.errors import SourceFormatError
from loaders.reading import LONGEST_LINE, open_bytes

_CHUNK = 1 << 16
_SPACE = " \t\r\n"


def read_members(path: Path, *, longest: int = LONGEST_LINE) -> Iterator[tuple[str, int, Any]]:
    """Yield ``(name of the member, line it begins on, value)``; array elements one by one.

    Args:
        path: the file, packed or not.
        longest: longest value accepted, in characters.

    Raises:
        SourceFormatError: with file and line, for what is no JSON object, is cut off, not UTF-8,
            or holds a NUL byte or an overlong value.
    """
    with open_bytes(path) as stream:
        text = _Text(path, stream, longest)
        text.take("{")
        if text.peek() == "}":
            return
        while True:
            name = text.value()
            if not isinstance(name, str):
                raise text.broken(f"{name!r} where a name should be")
            text.take(":")
            if text.peek() == "[":
                yield from ((name, line, value) for line, value in _elements(text))
            else:
                line = text.line
                yield name, line, text.value()
            if text.take(",}") == "}":
                break
        if text.peek():
            raise text.broken("text after the closing brace")


def _elements(text: _Text) -> Iterator[tuple[int, Any]]:
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        text.peek()
        line = text.line
        yield line, text.value()
        if text.take(",]") == "]":
            return


class _Text:
    """A window over the decoded file that grows only to hold one value."""

    def __init__(self, path: Path, stream: Any, longest: int) -> None:
        self._path = path
        self._stream = stream
        self._longest = longest
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._window = ""
        self._at = 0
        self._ended = False
        self.line = 1

    def broken(self, problem: str, *, further: int = 0) -> SourceFormatError:
        """The error to raise here, or ``further`` lines down."""
        return SourceFormatError(
            self._path, self.line + further, problem, fix="is this the right file, and all of it?"
        )

    def _more(self) -> bool:
        """Read on; whether there was anything."""
        if self._ended:
            return False
        raw = self._stream.read(_CHUNK)
        try:
            text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            raise self.broken(f"not UTF-8 ({error.reason})") from error
        if "\0" in text:
            raise self.broken("a NUL byte")
        self._ended = not raw
        self._window = self._window[self._at :] + text
        self._at = 0
        return bool(raw)

    def peek(self) -> str:
        """The next character that is no space, not taken; ``""`` at the end."""
        while True:
            while self._at < len(self._window):
                character = self._window[self._at]
                if character not in _SPACE:
                    return character
                self.line += character == "\n"
                self._at += 1
            if not self._more():
                return ""

    def take(self, allowed: str) -> str:
        """The next character that is no space; one of ``allowed``."""
        character = self.peek()
        if not character or character not in allowed:
            shown = repr(character) if character else "the end of the file"
            raise self.broken(f"{shown} where one of {allowed!r} should be")
        self._at += 1
        return character

    def value(self) -> Any:
        """The next JSON value."""
        self.peek()
        wanted = _CHUNK
        while True:
            try:
                value, end = self._json.raw_decode(self._window, self._at)
                complete = end < len(self._window) or self._ended
            except json.JSONDecodeError as error:
                value, end, complete = None, 0, False
                if self._ended:
                    further = self._window.count("\n", self._at, error.pos)
                    raise self.broken(f"no JSON ({error.msg})", further=further) from error
            except RecursionError as error:
                raise self.broken("values nested too deeply") from error
            if complete:
                self.line += self._window.count("\n", self._at, end)
                self._at = end
                return value
            if len(self._window) - self._at > self._longest:
                raise self.broken(f"a value longer than {self._longest:,} characters")
            while len(self._window) - self._at < wanted and self._more():
                pass
            if not self._ended:
                wanted *= 2
