"""`vestnik demo`: a server and three people, for a few seconds."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from runtime.config import Settings
from runtime.serve import bind, url_of


def demo(arguments: argparse.Namespace, settings: Settings) -> int:
    """The server and the three people are processes of their own, as in real life."""
    with tempfile.TemporaryDirectory(prefix="vestnik-demo-") as folder, bind("127.0.0.1", 0) as listener:
        url = url_of(listener)
        port = listener.getsockname()[1]
        listener.close()
        command = [sys.executable, "-m", "runtime.cli", "serve", "--port", str(port), "--data-dir", folder]
        environment = os.environ | {"VESTNIK_LOG_FORMAT": "json", "VESTNIK_DATABASE_URL": ""}
        with open(Path(folder) / "server.log", "wb") as log:
            server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
            try:
                assert server.stdout is not None
                if not server.stdout.readline():
                    print((Path(folder) / "server.log").read_text(), file=sys.stderr)
                    return 1
                seed = SystemRandom().randrange(10**6)
                return subprocess.call([sys.executable, "-m", "client.demo", "--url", url, "--seed", str(seed)])
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=10)
