"""`vestnik doctor` and what a server needs around it: a store of files, a mail server, rights, a way in."""

import threading
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trio
from attrs import evolve

from runtime.commands.doctor import _proxy, examine
from runtime.commands.doctor_outside import file_store, letters, redis, websocket
from runtime.commands.finding import Finding
from runtime.config import Secret, Settings
from runtime.files.places import read_place
from runtime.files.service import open_place
from storage.migrate import upgrade
from tests.mariadb_server import free_ports, shared_mariadb
from tests.redis_server import private_redis
from tests.s3_server import CREDENTIALS, new_bucket
from tests.server.conftest import OpenHouse
from tests.server.house import House
from tests.server.proxied import certificate, needs_nginx, nginx
from tests.server.test_blob_stores import listed
from tests.smtp_server import PASSWORD, USER, smtp_server
from tests.storage.test_migrations import ask


async def test_a_small_object_goes_through_the_store_of_files() -> None:
    url = new_bucket("files")
    settings = Settings(
        files_url=read_place(url),
        files_access_key=CREDENTIALS.access_key,
        files_secret_key=Secret(CREDENTIALS.secret_key),
    )
    [found] = await trio.to_thread.run_sync(lambda: list(file_store(settings)))
    assert (found.verdict, found.what) == ("ok", "store of files"), found
    async with aclosing(open_place(settings, settings.files_url)) as store:
        assert await listed(store) == [], "it is taken away again"
    bucket = url.removeprefix("s3://").partition("/")[0]
    nowhere = evolve(settings, files_url=read_place(url.replace(bucket, "nobody-made-this")))
    [found] = await trio.to_thread.run_sync(lambda: list(file_store(nowhere)))
    assert (found.verdict, "VESTNIK_FILES_URL" in found.told) == ("fail", True), found
    assert CREDENTIALS.secret_key not in found.told
    assert list(file_store(Settings())) == [], "a folder is looked at as such"


async def test_redis_is_asked_over_tls_and_with_a_password(tmp_path: Path) -> None:
    keys, nowhere = tmp_path / "keys", next(free_ports())
    certificate(keys)
    pair = ("--tls-cert-file", str(keys / "fullchain.pem"), "--tls-key-file", str(keys / "privkey.pem"))
    options = (*pair, "--tls-auth-clients", "no", "--requirepass", "s3cr3t")
    server = await trio.to_thread.run_sync(lambda: private_redis(*options, tls=True))
    place, trusted = f"127.0.0.1:{server.port}", f"?ca={keys / 'fullchain.pem'}"
    ways = {
        f"rediss://:s3cr3t@{place}{trusted}": ("ok", f"{place} answers (TLS)"),
        f"rediss://:guess@{place}{trusted}": ("fail", "WRONGPASS"),
        f"rediss://{place}{trusted}": ("fail", "NOAUTH"),
        f"rediss://:s3cr3t@{place}": ("fail", "certificate"),
        f"rediss://:s3cr3t@localhost:{server.port}{trusted}": ("fail", "certificate"),
        f"redis://:s3cr3t@{place}": ("fail", place),
        f"redis://:s3cr3t@127.0.0.1:{nowhere}": ("fail", "cannot be reached"),
        "": ("ok", "not used"),
    }
    for url, (verdict, told) in ways.items():
        found = await trio.to_thread.run_sync(redis, Settings(redis_url=Secret(url)))
        assert (found.verdict, told in found.told, "s3cr3t" in found.told) == (verdict, True, False), (url, found)
    await trio.to_thread.run_sync(server.kill)


async def test_the_mail_server_is_asked_up_to_the_log_in_and_gets_no_letter(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    certificate(keys)
    options = ["--cert", str(keys / "fullchain.pem"), "--key", str(keys / "privkey.pem")]
    async with smtp_server(tmp_path / "post", *options) as post:
        place, trusted = f"127.0.0.1:{post.port}", f"?tls=required&ca={keys / 'fullchain.pem'}"

        async def asked(url: str) -> Finding:
            return await trio.to_thread.run_sync(letters, Settings(smtp_url=Secret(url)))

        found = await asked(f"smtp://{USER}:{PASSWORD}@{place}{trusted}")
        assert (found.verdict, f"{place} answers (STARTTLS, log-in)" in found.told) == ("ok", True), found
        found = await asked(f"smtp://{USER}:guess@{place}{trusted}")
        assert (found.verdict, "log-in refused: 535" in found.told, "guess" in found.told) == ("fail", True, False)
        found = await asked(f"smtp://{USER}:{PASSWORD}@{place}?tls=required")
        assert (found.verdict, "SSLCertVerificationError" in found.told) == ("fail", True), found
        assert post.letters() == []


class _Answers(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """To nobody."""


@contextmanager
def proxy(status: int) -> Iterator[str]:
    """One that lets no WebSocket through."""
    with HTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"status": status})) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


async def test_a_websocket_is_opened_at_the_public_address(house: House) -> None:
    found = await trio.to_thread.run_sync(websocket, house.url)
    assert (found.verdict, found.told) == ("ok", f"{house.url}/ws opens")
    for status, told in ((200, "Upgrade and Connection"), (403, "Host header")):
        with proxy(status) as url:
            found = await trio.to_thread.run_sync(websocket, url)
        assert (found.verdict, told in found.told) == ("fail", True), found
    found = await trio.to_thread.run_sync(websocket, "http://127.0.0.1:9")
    assert (found.verdict, "does not answer" in found.told) == ("fail", True), found


async def test_the_address_that_the_server_sees_is_told(house_at: OpenHouse, tmp_path: Path) -> None:
    """The shipped nginx overwrites what clients claim; without it they are believed as soon as hops are counted."""

    def proxy_line(url: str, hops: int, key: str = "k") -> Finding:
        settings = Settings(
            data_dir=tmp_path, jwt_secret=Secret(key * 48), public_url=url, proxy_hops=hops, web_dir=None,
            database_url=Secret(f"sqlite:///{tmp_path}/none"),
        )  # fmt: skip
        [found] = [one for one in examine(settings, ()) if one.what == "proxy"]
        return found

    for hops, verdict, told in ((0, "ok", "sees us as 127.0.0.1"), (1, "fail", "everybody can pretend")):
        async with house_at(proxy_hops=hops) as house:
            found = await trio.to_thread.run_sync(proxy_line, house.url, hops)
            assert (found.verdict, told in found.told) == (verdict, True), found
            assert (await house.http.get("/healthz", headers={"authorization": "Doctor 00"})).json() == {"status": "ok"}
    async with house_at(proxy_hops=1) as house:
        found = await trio.to_thread.run_sync(proxy_line, house.url, 1, "x")
        assert (found.verdict, "does not know our key" in found.told) == ("warn", True), found


@needs_nginx
async def test_behind_the_shipped_nginx_the_address_is_ours(
    house_at: OpenHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hops, verdict in ((1, "ok"), (0, "fail")):
        async with (
            house_at(proxy_hops=hops) as house,
            nginx(house.url.removeprefix("http://"), tmp_path / f"nginx{hops}") as proxied,
        ):
            monkeypatch.setenv("SSL_CERT_FILE", str(proxied.folder / "fullchain.pem"))
            settings = Settings(jwt_secret=Secret("k" * 48), public_url=proxied.url, proxy_hops=hops, web_dir=None)
            [found] = await trio.to_thread.run_sync(list, _proxy(settings, "127.0.0.1"))
            assert found.verdict == verdict, found


async def test_rights_that_are_missing_in_the_database_are_told(tmp_path: Path) -> None:
    url = await trio.to_thread.run_sync(lambda: shared_mariadb().new_database())
    await trio.to_thread.run_sync(upgrade, url)
    place, _, options = url.rpartition("@")[2].partition("?")
    database = place.rpartition("/")[2]
    user = f"r{database}"
    # written down as GRANT would, which the user of the tests may not
    row = "insert into mysql.db (Host, Db, User, Select_priv, Insert_priv) values "
    row += f"('%', '{database}', '{user}', 'Y', 'Y')"
    make = f"create user '{user}'@'%' identified by 'x1'"
    await trio.to_thread.run_sync(ask, url, make, row, "flush privileges")

    def rights(of: str) -> Finding:
        settings = Settings(data_dir=tmp_path, database_url=Secret(of), web_dir=None)
        [found] = [one for one in examine(settings, ()) if one.what == "rights"]
        return found

    found = await trio.to_thread.run_sync(rights, f"mysql://{user}:x1@{place}?{options}")
    assert (found.verdict, found.told.startswith("no UPDATE, DELETE (")) == ("fail", True), found
    found = await trio.to_thread.run_sync(partial(rights, url))
    assert (found.verdict, found.told) == ("ok", "SELECT, INSERT, UPDATE, DELETE: all that a server needs")
