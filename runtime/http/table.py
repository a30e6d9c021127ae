"""Which route a path leads to."""

import re
from collections.abc import Iterable
from typing import Final

from attrs import field, frozen

from runtime.http.routes import Route

ID: Final = re.compile("[1-9][0-9]{0,15}")
"""A positive id in a path, without leading zeros or signs; anything else is no route at all: 404.

Sixteen digits reach beyond 2^53-1, where storage has nobody, and stay within MySQL's BIGINT.
"""
_PLACE: Final = re.compile(r"\{(\w+)\}")


@frozen
class Found:
    """The routes of one path by method, and the ids that stand in the path, by name."""

    routes: dict[str, Route]
    ids: dict[str, int]

    def route(self, method: str) -> Route | None:
        """HEAD is answered as GET, without a body."""
        return self.routes.get("GET" if method == "HEAD" else method)

    @property
    def methods(self) -> tuple[str, ...]:
        """For the header Allow."""
        return tuple(sorted({*self.routes, "HEAD"} if "GET" in self.routes else self.routes))


@frozen
class Table:
    """Routes by path, an id of which may be any."""

    _paths: dict[str, tuple[dict[str, Route], tuple[str, ...]]] = field(factory=dict)

    @classmethod
    def of(cls, routes: Iterable[Route]) -> "Table":
        """All of them; no two may share method and path."""
        paths: dict[str, tuple[dict[str, Route], tuple[str, ...]]] = {}
        for route in routes:
            names = tuple(_PLACE.findall(route.path))
            by_method, others = paths.setdefault(_PLACE.sub("{}", route.path), ({}, names))
            assert others == names and route.method not in by_method, f"{route.method} {route.path}"
            by_method[route.method] = route
        return cls(paths)

    def find(self, path: str) -> Found | None:
        """What a decoded path leads to."""
        literal = self._paths.get(path)
        if literal is not None and not literal[1]:
            return Found(literal[0], {})
        ids: list[int] = []
        parts = path.split("/")
        for place, part in enumerate(parts):
            if ID.fullmatch(part):
                ids.append(int(part))
                parts[place] = "{}"
        found = self._paths.get("/".join(parts)) if ids else None
        if found is None or len(found[1]) != len(ids):
            return None
        return Found(found[0], dict(zip(found[1], ids, strict=True)))
