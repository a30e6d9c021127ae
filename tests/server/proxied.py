"""Debian's nginx with our deploy/nginx.conf, in front of a server under test."""

import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
import trio
from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.mariadb_server import free_ports

CONF = Path(__file__).parents[2] / "deploy/nginx.conf"
BINARY = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

needs_nginx = pytest.mark.skipif(BINARY is None, reason="no nginx here: apt-get install nginx-light")

MAIN = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/main-error.log info;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/vestnik.conf;
}}
"""


@frozen
class Proxied:
    """nginx with our configuration."""

    url: str
    plain_url: str
    tls: ssl.SSLContext
    folder: Path

    def client(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        """Requests through nginx from a local address."""
        transport = httpx.AsyncHTTPTransport(verify=self.tls, local_address=address)
        return httpx.AsyncClient(base_url=self.url, transport=transport, timeout=60)

    def logs(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


def certificate(folder: Path) -> ssl.SSLContext:
    """Makes the folder with a key and a certificate for 127.0.0.1 in it; what trusts it."""
    folder.mkdir()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    (folder / "fullchain.pem").write_bytes(pem)
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(private)
    return ssl.create_default_context(cadata=pem.decode())


def write_conf(folder: Path, upstream: str, http: int, https: int, blobs: Path) -> None:
    """The shipped file with other ports and folders, and nothing else changed."""
    text = CONF.read_text()
    for old, new in (
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{https} ssl;"),
        ("server 127.0.0.1:8000;", f"server {upstream};"),
        ("/etc/letsencrypt/live/chat.example.org/", f"{folder}/"),
        ("/var/log/nginx/", f"{folder}/"),
        ("/var/lib/vestnik/files/blobs/", f"{blobs}/"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (folder / "vestnik.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))


@asynccontextmanager
async def nginx(upstream: str, folder: Path, blobs: Path = Path("/nowhere")) -> AsyncIterator[Proxied]:
    """Run it in front of `host:port`, whose files are in the folder `blobs`."""
    ports = free_ports()
    http, https = next(ports), next(ports)
    tls = certificate(folder)
    write_conf(folder, upstream, http, https, blobs)
    command = [str(BINARY), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "start.log")]
    with (folder / "output").open("wb") as output:
        process = await trio.lowlevel.open_process(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        with trio.fail_after(60):
            await _listens(https, process, folder)
        yield Proxied(f"https://127.0.0.1:{https}", f"http://127.0.0.1:{http}", tls, folder)
    finally:
        process.terminate()
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 60):
            await process.wait()


async def _listens(port: int, process: trio.Process, folder: Path) -> None:
    while True:
        assert process.returncode is None, (folder / "output").read_text() + (folder / "start.log").read_text()
        try:
            await (await trio.open_tcp_stream("127.0.0.1", port)).aclose()
        except OSError:
            await trio.sleep(0.02)
        else:
            return
