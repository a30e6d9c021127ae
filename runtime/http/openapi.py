"""OpenAPI 3.1, written from the same tables and Structs that serve the requests."""

import re
from typing import Any, Final

import msgspec

from runtime.http.problem import CODES, MEDIA_TYPE, ProblemBody
from runtime.http.routes import Route
from runtime.http.table import FILE_PLACES

VERSION: Final = "1.0"
"""Of the HTTP API, not of the server."""

_REF: Final = "#/components/schemas/{name}"
_ID: Final = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
_FILE_ID: Final = {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}
_FORM: Final = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "as_file": {"enum": ["1"], "description": "keep the file as it is"},
    },
    "required": ["file"],
}
_TEXT: Final = {"type": "string", "minLength": 1}


def document(routes: tuple[Route, ...]) -> dict[str, Any]:
    """The whole document, as plain data."""
    types = [ProblemBody, *_types(routes)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    _use_json_patterns(components)
    schema_of = dict(zip(types, schemas, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of, components)
    for query in {route.query for route in routes if route.query is not None}:
        components.pop(query.__name__, None)  # told as parameters
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vestnik",
            "version": VERSION,
            "description": "The HTTP API of a self-hosted messenger. Live events come over the WebSocket /ws.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _use_json_patterns(schema: Any) -> None:
    r"""JSON Schema's regular expressions know no \A and \Z."""
    if isinstance(schema, dict):
        if isinstance(pattern := schema.get("pattern"), str):
            schema["pattern"] = pattern.replace(r"\A", "^").replace(r"\Z", "$")
        for part in schema.values():
            _use_json_patterns(part)
    elif isinstance(schema, list):
        for part in schema:
            _use_json_patterns(part)


def _types(routes: tuple[Route, ...]) -> list[Any]:
    found: dict[Any, None] = {}
    for route in routes:
        for kind in (route.body, route.query, *(kind for kinds in route.answers.values() for kind in kinds)):
            if kind is not None:
                found[kind] = None
    return list(found)


def _operation(route: Route, schema_of: dict[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "tags": [_tag(route)],
        "responses": _responses(route, schema_of),
    }
    parameters = _parameters(route, components)
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        required = any(field.required for field in msgspec.structs.fields(route.body))
        operation["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": schema_of[route.body]}},
        }
    if route.form:
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}
    if route.needs_token:
        operation["security"] = [{"bearer": []}, *([{}] if route.by_link else [])]
    return operation


def _tag(route: Route) -> str:
    parts = route.path.split("/")
    return parts[2] if parts[1] == "api" else "server"


def _parameters(route: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _schema_of_place(route, name)}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.query is not None:
        schema = components[route.query.__name__]
        parameters += [
            {"name": name, "in": "query", "required": name in schema["required"], "schema": _not_null(field)}
            for name, field in schema["properties"].items()
        ]
    if route.keyed:
        pattern = {"type": "string", "pattern": r"^[A-Za-z0-9._:-]{1,64}$"}
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": False, "schema": pattern})
    return parameters


def _schema_of_place(route: Route, name: str) -> dict[str, Any]:
    if name in FILE_PLACES:
        return _FILE_ID
    return _TEXT if name == route.text else _ID


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A URL cannot say null: the parameter is left out."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {**{key: value for key, value in schema.items() if key not in ("anyOf", "default")}, **kinds[0]}


def _responses(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, kinds in sorted(route.answers.items()):
        responses[str(status)] = {"description": _DONE[status]}
        if kinds:
            schemas = [schema_of[kind] for kind in kinds]
            schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
            responses[str(status)]["content"] = {route.content_type: {"schema": schema}}
        elif status not in (202, 204, 304):
            responses[str(status)]["content"] = {route.content_type: {"schema": {"type": "string"}}}
    problem = {MEDIA_TYPE: {"schema": schema_of[ProblemBody]}}
    by_status: dict[int, list[str]] = {}
    for code in route.all_codes:
        by_status.setdefault(CODES[code][0], []).append(code)
    for status, codes in sorted(by_status.items()):
        responses[str(status)] = {"description": ", ".join(codes), "content": problem, "headers": _headers(status)}
    return responses


_DONE: Final = {
    206: "A part",
    304: "As it is known",
    200: "Done",
    201: "Made",
    202: "Taken",
    204: "Done; nothing to tell",
}


def _headers(status: int) -> dict[str, Any]:
    if status == 401:
        return {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if status in (429, 503):
        return {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return {}
