"""A page as a tree of elements, to ask what it holds without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "img", "col", "input", "hr"}


@dataclass
class Node:
    """One element: its name, attributes and content (elements and texts)."""

    name: str
    attributes: dict[str, str]
    content: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def children(self) -> list[Node]:
        return [child for child in self.content if isinstance(child, Node)]

    def walk(self) -> Iterator[Node]:
        """Return this element and all inside it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, name: str = "", css_class: str = "") -> list[Node]:
        """Return the elements inside with a name and a class."""
        return [
            node for node in self.walk() if name in ("", node.name) and (not css_class or css_class in node.classes)
        ]

    def first(self, name: str = "", css_class: str = "") -> Node:
        return self.all(name, css_class)[0]

    def by_id(self, anchor: str) -> Node:
        (node,) = [node for node in self.walk() if node.attributes.get("id") == anchor]
        return node

    def text(self, *, without: tuple[str, ...] = ("style", "svg")) -> str:
        """Return the text inside, with single spaces."""
        parts = [
            child if isinstance(child, str) else child.text(without=without)
            for child in self.content
            if isinstance(child, str) or child.name not in without
        ]
        return " ".join(" ".join(parts).split())


def page_tree(page: str) -> Node:
    """Return the tree of an HTML page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.open_nodes) == 1, [node.name for node in reader.open_nodes]
    return reader.open_nodes[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open_nodes = [Node("page", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open_nodes[-1].content.append(node)
        if tag not in _VOID:
            self.open_nodes.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open_nodes[-1].name == tag, (self.open_nodes[-1].name, tag)
            self.open_nodes.pop()

    def handle_data(self, data: str) -> None:
        self.open_nodes[-1].content.append(data)
