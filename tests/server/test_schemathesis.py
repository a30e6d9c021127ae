"""An outsider's fuzzer against /openapi.json: no 5xx, and no answer that is not documented."""

import subprocess
import sys
from pathlib import Path

import pytest
import trio

from tests.server.house import House

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SECONDS = 1200


@pytest.mark.slow
async def test_nothing_undocumented(house: House, tmp_path: Path) -> None:
    anna, boris = await house.register("anna"), await house.register("boris")
    chat = await anna.group("x", boris)
    for number in range(5):
        await boris.send(chat, f"message {number}")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{house.url}/openapi.json"),
        *("--checks", CHECKS, "--max-examples", "15", "--seed", "1", "--generation-database", "none"),
        *("--header", f"Authorization: Bearer {anna.token}", "--request-timeout", "60", "--no-color"),
        *("--exclude-path", "/api/auth/logout", "--exclude-path", "/api/auth/sessions/{session_id}"),
        *("--phases", "examples,coverage,fuzzing"),
    ]
    with trio.fail_after(SECONDS):
        done = await trio.run_process(command, capture_stdout=True, stderr=subprocess.STDOUT, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout.decode()[-6000:]
    me = await anna.get("/api/auth/me")
    assert me.status_code == 200, ("the fuzzer was logged in to the end", me.text)
