"""XML as a stream of elements with their line numbers, from files nobody vouches for.

Expat reads the file piece by piece, so memory is bounded by one element. A document type
declaration is refused, and with it entity bombs, outside entities and parameter entities; a format
whose files name their document type may have one that declares nothing, and nothing is fetched
(https://owasp.org/www-community/vulnerabilities/XML_External_Entity_(XXE)_Processing).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate, errors

from kg.errors import SourceFormatError
from loaders.reading import LONGEST_LINE, open_bytes

_CHUNK = 1 << 16
_DEEPEST = 200


@dataclass(slots=True)
class XmlElement:
    """An element without its namespace.

    Args:
        tag: name.
        line: line its start tag ends on, from 1.
        attributes: as given.
        text: character data directly inside it.
        children: elements inside it, in order.
    """

    tag: str
    line: int
    attributes: Mapping[str, str]
    text: str = ""
    children: list[XmlElement] = field(default_factory=list)

    def child(self, tag: str) -> XmlElement | None:
        """The first child of that name, or None."""
        return next((c for c in self.children if c.tag == tag), None)

    def child_text(self, tag: str) -> str:
        """The stripped text of the first child of that name, ``""`` where there is none."""
        found = self.child(tag)
        return found.text.strip() if found is not None else ""


def read_elements(
    path: Path, *tags: str, longest: int = LONGEST_LINE, doctype: bool = False
) -> Iterator[XmlElement]:
    """Yield each outermost element of one of these names, with all that is inside it.

    Args:
        path: the file, packed or not.
        tags: names looked for; the root counts.
        longest: most bytes a single element may take.
        doctype: whether the file may name a document type; one that declares anything is refused
            all the same.

    Raises:
        SourceFormatError: with file and line, for broken or cut off XML, a document type
            declaration, elements nested too deeply, or an overlong one.
    """
    reader = _Reader(path, tags, longest, doctype)
    with open_bytes(path) as stream:
        while chunk := stream.read(_CHUNK):
            reader.feed(chunk, last=False)
            while reader.done:
                yield reader.done.popleft()
        reader.feed(b"", last=True)
        while reader.done:
            yield reader.done.popleft()


class _Reader:
    def __init__(self, path: Path, tags: tuple[str, ...], longest: int, doctype: bool) -> None:
        self.done: deque[XmlElement] = deque()
        self._path = path
        self._tags = tags
        self._longest = longest
        self._may_name_type = doctype
        self._open: list[XmlElement] = []
        self._texts: list[list[str]] = []
        self._depth = 0
        self._began = 0  # byte at which the element being gathered, or the gap, began
        self._fed = 0
        self._parser = ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, chunk: bytes, *, last: bool) -> None:
        self._fed += len(chunk)
        try:
            self._parser.Parse(chunk, last)
        except ExpatError as error:
            problem = errors.messages.get(error.code, str(error))
            raise self._broken(f"broken XML ({problem})", error.lineno) from error
        if self._fed - self._began > self._longest + _CHUNK:
            raise self._broken(f"an element longer than {self._longest:,} bytes")

    def _broken(self, problem: str, line: int | None = None) -> SourceFormatError:
        place = self._parser.CurrentLineNumber if line is None else line
        return SourceFormatError(
            self._path, place, problem, fix="is this the right file, and all of it?"
        )

    def _doctype(self, name: str, system: str | None, public: str | None, inside: bool) -> None:
        if self._may_name_type and not inside:
            return
        raise self._broken(f"a document type declaration ({name}), which could hide a bomb")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._broken(f"elements nested more than {_DEEPEST} deep")
        tag = tag.rpartition(":")[2]
        if self._open or tag in self._tags:
            if not self._open:
                self._began = self._parser.CurrentByteIndex
            element = XmlElement(tag, self._parser.CurrentLineNumber, attributes)
            if self._open:
                self._open[-1].children.append(element)
            self._open.append(element)
            self._texts.append([])
        else:
            self._began = self._parser.CurrentByteIndex

    def _characters(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if not self._open:
            self._began = self._parser.CurrentByteIndex
            return
        element = self._open.pop()
        element.text = "".join(self._texts.pop())
        if not self._open:
            self.done.append(element)
            self._began = self._parser.CurrentByteIndex
