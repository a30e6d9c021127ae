"""A database put back by hand to an older state, under the same key: what was issued since then opens nothing."""

import shutil
from pathlib import Path

from tests.server.conftest import OpenHouse
from tests.server.sockets import open_socket, refused


def put_back(yesterday: Path, file: Path) -> None:
    for leftover in file.parent.glob(f"{file.name}*"):
        leftover.unlink()
    shutil.copy(yesterday, file)


async def test_an_old_access_token_does_not_sign_in_as_whoever_got_its_numbers(
    house_at: OpenHouse, tmp_path: Path
) -> None:
    file, yesterday = tmp_path / "vestnik.sqlite3", tmp_path / "yesterday"
    async with house_at() as house:
        await house.register("clara")
    shutil.copy(file, yesterday)
    async with house_at() as house:
        anna = await house.register("anna")
        assert (await anna.get("/api/auth/me")).status_code == 200
    put_back(yesterday, file)
    async with house_at() as house:
        boris = await house.register("boris")
        assert boris.id == anna.id
        [mine] = (await boris.get("/api/auth/sessions")).json()["sessions"]
        chat = await boris.group("secret")
        answer = await house.http.get("/api/auth/me", headers={"Authorization": f"Bearer {anna.token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "revoked")
        async with open_socket(house.url) as socket:
            await socket.send(type="hello", v=[1], token=anna.token, device="test")
            assert (await socket.receive())["code"] == "revoked"
            assert (await socket.end())[0] == 4403
        async with open_socket(house.url) as socket:
            ready = await socket.hello(boris.token)
            assert ready["session_id"] == mine["id"]
            await socket.send(type="auth", token=anna.token)
            assert (await socket.end())[0] == 4403
        assert await refused(house.url, f"/ws/chat/{chat}?token={anna.token}") == (401, "revoked")
        refreshed = await house.http.post("/api/auth/refresh", json={"refresh_token": anna.refresh_token})
        assert (refreshed.status_code, refreshed.json()["code"]) == (401, "token_invalid")
        assert (await boris.get("/api/auth/me")).json()["username"] == "boris"
