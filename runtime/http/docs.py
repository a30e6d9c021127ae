"""/openapi.json, and /docs: the same for people, one page without scripts or anything from elsewhere."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from typing import Any, Final

import msgspec
import trio

from runtime.http.openapi import document
from runtime.http.problem import CODES
from runtime.http.routes import Call, Page, Result, Route

STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
section { border-top: 1px solid var(--line); padding: 0.5rem 0; }
h3 { margin: 0.5rem 0; font-size: 1rem; } h3 b { display: inline-block; min-width: 4.5rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; }
tr:target { background: var(--soft); } p { margin: 0.3rem 0; }
"""  # noqa: E501
_STYLE_HASH: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def routes(api: tuple[Route, ...]) -> tuple[Route, ...]:
    """The two routes that describe `api` and themselves."""

    @cache
    def described() -> dict[str, Any]:
        """It takes 0.2 s to make, and most servers are never asked for it."""
        return document((*api, *own))

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(described())

    @cache
    def page() -> bytes:
        return render(described()).encode()

    async def openapi(_call: Call[None, None]) -> Result:
        return Page(await trio.to_thread.run_sync(encoded), "application/json")

    async def docs(_call: Call[None, None]) -> Result:
        return Page(await trio.to_thread.run_sync(page), "text/html; charset=utf-8", POLICY)

    own = (
        Route(method="GET", path="/openapi.json", handler=openapi, summary="This description, for programs",
              needs_token=False, answers={200: (dict[str, Any],)}),
        Route(method="GET", path="/docs", handler=docs, summary="This description, for people",
              needs_token=False, answers={200: ()}, content_type="text/html"),
    )  # fmt: skip
    return own


def render(described: dict[str, Any]) -> str:
    """The page for people."""
    components = described["components"]["schemas"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Vestnik: HTTP API</title>'
        '<meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head><body><h1>Vestnik: HTTP API</h1>"
        f"<p>{escape(described['info']['description'])} The same for programs: "
        '<a href="/openapi.json">/openapi.json</a>.</p>'
    ]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            parts.append(_section(path, method, operation, components))
    rows = "".join(
        f'<tr id="{code}"><td><code>{code}</code></td><td>{status}</td><td>{escape(title)}</td></tr>'
        for code, (status, title) in CODES.items()
    )
    parts.append(f"<h2>Codes</h2><table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>{rows}</table>")
    return "".join([*parts, "</body></html>"])


def _section(path: str, method: str, operation: dict[str, Any], components: dict[str, Any]) -> str:
    lock = " (access token)" if "security" in operation else ""
    parts = [
        f"<section><h3><b>{method.upper()}</b> <code>{escape(path)}</code></h3>",
        f"<p>{escape(operation['summary'])}{lock}</p>",
    ]
    named = [
        f"<code>{escape(parameter['name'])}</code>"
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "path"
    ]
    if "requestBody" in operation:
        (content,) = operation["requestBody"]["content"].values()
        body = content["schema"]
        if "$ref" in body:
            body = components[body["$ref"].rpartition("/")[2]]
        named += [
            f"<code>{escape(name)}{'' if name in body['required'] else '?'}</code>" for name in body["properties"]
        ]
    if named:
        parts.append(f"<p>In: {', '.join(named)}</p>")
    rows = "".join(
        f"<tr><td>{status}</td><td>{escape(answer['description'])}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    return "".join([*parts, f"<table>{rows}</table></section>"])
