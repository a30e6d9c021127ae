"""Finding people (docs/protocol.md section 2, /api/users)."""

from typing import Any

import pytest

from tests.server.answers import code_of, fields_of
from tests.server.house import House, Person


async def found(person: Person, query: str, **more: Any) -> list[str]:
    answer = await person.get("/api/users/search", query=query, **more)
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["users"]]


async def test_search_by_prefix_of_any_word(house: House) -> None:
    anna = await house.register("anna", display_name="Анна Королёва")
    boris = await house.register("boris_k", display_name="Борис")
    assert await found(boris, "an") == ["anna"] == await found(boris, "ANNA")
    assert await found(boris, "корол") == ["anna"] == await found(boris, "КОРОЛЕВ") == await found(boris, "королё")
    assert await found(boris, "нна") == [] == await found(boris, "bo"), "no infix, and never oneself"
    assert await found(anna, "  boris ") == ["boris_k"]


async def test_search_by_whole_names_and_addresses(house: House) -> None:
    anna = await house.register("anna", display_name="Анна Королёва", email="Anna@Example.org")
    boris = await house.register("boris", display_name="Борис О\u2019Нил")
    for query in ("анна королева", "Королёва анна", "@anna", "корол @ann"):
        assert await found(boris, query) == ["anna"], query
    assert await found(anna, "о'нил") == ["boris"] == await found(anna, "о\u2019нил борис")
    assert await found(boris, "anna@example.org") == []
    await anna.direct(boris)
    assert await found(boris, "anna@example.org") == ["anna"] == await found(boris, "ANNA@example.ORG")


@pytest.mark.parametrize("query", ["an%", "a_na", "an\\", "an'", 'an"', "a.*", "[an]", "an;--", "%%", "__", "\\\\"])
async def test_wildcards_are_literal(house: House, query: str) -> None:
    """O20 of docs/security.md."""
    await house.register("anna")
    assert await found(await house.register("boris"), query) == []


async def test_wildcards_are_found_where_they_stand(house: House) -> None:
    await house.register("a_b", display_name="100%_sure 😀😀 👩‍👩‍👧‍👦x")
    await house.register("axb", display_name="😁😁")
    boris = await house.register("boris")
    assert await found(boris, "a_") == ["a_b"]
    assert await found(boris, "100%_") == ["a_b"]
    assert await found(boris, "😀😀") == ["a_b"] and await found(boris, "😁😁") == ["axb"]


@pytest.mark.parametrize(
    ("query", "code"),
    [("a", "too_short"), ("  a  ", "too_short"), ("", "too_short"), ("x" * 65, "too_long"),
     ("x" * 10_240, "too_long"), ("a\x00b", "bad_unicode")],
)  # fmt: skip
async def test_bad_queries(house: House, query: str, code: str) -> None:
    anna = await house.register("anna")
    assert fields_of(await anna.get("/api/users/search", query=query)) == {"query": code}


async def test_bad_limits(house: House) -> None:
    anna = await house.register("anna")
    assert fields_of(await anna.get("/api/users/search")) == {"query": "required"}
    for limit, code in (("0", "out_of_range"), ("21", "out_of_range"), ("abc", "wrong_type"), ("1e1", "wrong_type")):
        answer = await anna.get("/api/users/search", query="x", limit=limit)
        assert answer.status_code == 422 and fields_of(answer) == {"query": "too_short", "limit": code}


async def test_at_most_so_many(house: House) -> None:
    anna = await house.register("anna")
    for number in range(4):
        await house.register(f"guest{number}")
    assert len(await found(anna, "guest")) == 4
    assert len(await found(anna, "guest", limit=3)) == 3


async def test_people_by_ids(house: House) -> None:
    anna, boris = await house.register("anna"), await house.register("boris", email="boris@example.org")
    answer = await anna.get("/api/users", ids=f"{boris.id},{anna.id},{boris.id},999")
    assert [user["id"] for user in answer.json()["users"]] == [anna.id, boris.id]
    assert "email" not in answer.text
    one = await anna.get(f"/api/users/{boris.id}")
    assert one.json() == answer.json()["users"][1]
    assert one.json()["online"] is None and one.json()["last_seen_at"] is None
    await anna.direct(boris)
    assert (await anna.get(f"/api/users/{boris.id}")).json()["online"] is False


@pytest.mark.parametrize("path", ["999", str(2**53 - 1), str(2**53), "0", "01", "-1", "1.0", "x", "١", "9" * 40])
async def test_nobody_has_this_id(house: House, path: str) -> None:
    anna = await house.register("anna")
    answer = await anna.get(f"/api/users/{path}")
    assert answer.status_code == 404 and code_of(answer) == "not_found"
    assert answer.json() == (await anna.get("/api/users/998")).json()


@pytest.mark.parametrize(
    ("ids", "code"), [("", "bad_format"), ("a", "bad_format"), ("1,,2", "bad_format"), ("0", "bad_format"),
                      (str(2**63), "bad_format"), ("1," * 100 + "1", "too_long"), ("-1", "bad_format"),
                      ("01", "bad_format")]
)  # fmt: skip
async def test_bad_lists_of_ids(house: House, ids: str, code: str) -> None:
    anna = await house.register("anna")
    assert fields_of(await anna.get("/api/users", ids=ids)) == {"ids": code}
