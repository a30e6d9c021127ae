"""What tests look at in an answer."""

import httpx


def code_of(answer: httpx.Response) -> str:
    """The stable code of a refusal."""
    return str(answer.json()["code"])


def fields_of(answer: httpx.Response) -> dict[str, str]:
    """Code by name of the wrong fields."""
    return {error["field"]: error["code"] for error in answer.json()["errors"]}
