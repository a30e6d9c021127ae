"""Which route a path leads to."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from attrs import field, frozen

from runtime.http.routes import Route

ID: Final = re.compile("[1-9][0-9]{0,15}")
"""A positive id in a path, without leading zeros or signs; anything else is no route at all: 404.

Sixteen digits reach beyond 2^53-1, where storage has nobody, and stay within MySQL's BIGINT.
"""
_PLACE: Final = re.compile(r"\{(\w+)\}")


TEXT: Final = "{*}"
FILE: Final = "{file}"
FILE_ID: Final = re.compile("[A-Za-z0-9_-]{22}")
FILE_PLACES: Final = frozenset({"file_id", "upload_id"})
"""Places whose ids are of this form."""


@frozen
class Found:
    """The routes of one path by method, and what stands in its places, by name: ids, and perhaps a text at the end."""

    routes: dict[str, Route]
    places: dict[str, Any]

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
            key = _PLACE.sub(partial(_placeholder, route), route.path)
            by_method, others = paths.setdefault(key, ({}, names))
            assert others == names and route.method not in by_method, f"{route.method} {route.path}"
            by_method[route.method] = route
        return cls(paths)

    def find(self, path: str) -> Found | None:
        """What a decoded path leads to."""
        literal = self._paths.get(path)
        if literal is not None and not literal[1]:
            return Found(literal[0], {})
        values: list[int | str] = []
        parts = path.split("/")
        last = parts[-1]
        for place, part in enumerate(parts):
            if ID.fullmatch(part):
                values.append(int(part))
                parts[place] = "{}"
            elif FILE_ID.fullmatch(part):
                values.append(part)
                parts[place] = FILE
        found = self._found("/".join(parts), values)
        if found is not None or not last:
            return found
        values = [*values[:-1], last] if parts[-1] in ("{}", FILE) else [*values, last]
        return self._found("/".join([*parts[:-1], TEXT]), values)

    def _found(self, key: str, values: list[int | str]) -> Found | None:
        found = self._paths.get(key) if values else None
        if found is None or len(found[1]) != len(values):
            return None
        return Found(found[0], dict(zip(found[1], values, strict=True)))


def _placeholder(route: Route, found: re.Match[str]) -> str:
    if found[1] in FILE_PLACES:
        return FILE
    return TEXT if found[1] == route.text else "{}"
