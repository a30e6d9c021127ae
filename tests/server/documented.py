"""Every answer that any test gets is held against /openapi.json: status, media type and body."""

from functools import cache
from typing import Any

import httpx
import msgspec
from jsonschema import Draft202012Validator

from runtime.http import docs
from runtime.http.api import ROUTES
from runtime.http.openapi import document
from runtime.http.problem import CODES, MEDIA_TYPE
from runtime.http.table import Table

DOCUMENT = document((*ROUTES, *docs.routes(ROUTES)))
NOT_IN_A_ROUTE = {403, 404, 405}


@cache
def _validator(schema: bytes) -> Draft202012Validator:
    """Of a schema in JSON, which may refer to the components of the document; it keeps what it has looked up."""
    return Draft202012Validator({**msgspec.json.decode(schema), "components": DOCUMENT["components"]})


class Documented:
    """A response hook for httpx."""

    def __init__(self, table: Table) -> None:
        self._table = table

    async def __call__(self, response: httpx.Response) -> None:
        await response.aread()
        where = f"{response.request.method} {response.request.url.path}: {response.status_code}"
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.status_code >= 400 and response.request.method != "HEAD":
            assert kind == MEDIA_TYPE, where
            problem = response.json()
            assert CODES[problem["code"]][0] == response.status_code == problem["status"], where
        operation = self._operation(response.request)
        if response.request.method == "HEAD":
            assert response.content == b"", where
            return
        if operation is None:
            assert response.status_code in {*NOT_IN_A_ROUTE, 204}, where
            return
        answer = operation["responses"].get(str(response.status_code))
        assert answer is not None, f"{where} is not documented"
        if response.status_code >= 400:
            assert problem["code"] in answer["description"], f"{where}: {problem['code']} is not documented"
        if "content" in answer:
            (media, described) = next(iter(answer["content"].items()))
            assert media.partition(";")[0] in (kind, "*/*"), where
            if kind.endswith("json"):
                _validator(msgspec.json.encode(described["schema"])).validate(response.json())
        else:
            assert response.content == b"" and kind == "", where

    def _operation(self, request: httpx.Request) -> dict[str, Any] | None:
        found = self._table.find(request.url.path)
        route = None if found is None else found.route(request.method)
        if route is None:
            return None
        operation: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
        return operation
