"""What people install on servers: a wheel, a source distribution and, where dpkg-deb is, a Debian package, in `dist`.

    ./just package-server [--out DIR] [--no-deb]

Their version names the commit (0.1.0+20261130060100.g0123abcdef) where git knows it, so that a newer one is installed
over an older one. What was made there before goes.

The Debian package brings the dependencies along at their locked versions, in an environment under /usr/lib/vestnik, for
the Python of the machine that it is built on.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
DEPLOY: Final = ROOT / "deploy"
HOME: Final = "usr/lib/vestnik"
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
NEXT_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor + 1}"
START: Final = f"""#!/bin/sh
exec /{HOME}/bin/python -P -m runtime.cli "$@"
"""
"""/usr/bin/vestnik. Without -P a folder named `runtime` where it is called would come first."""


def main() -> int:
    """Build; the exit code."""
    parser = argparse.ArgumentParser(
        prog="./just package-server", description="A wheel, an sdist and a Debian package."
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help="by default ./dist")
    parser.add_argument("--no-deb", action="store_true", help="the wheel and the sdist alone")
    arguments = parser.parse_args()
    wheel = build_wheel(arguments.out)
    print(wheel)
    if arguments.no_deb:
        return 0
    if shutil.which("dpkg-deb") is None:
        print("no dpkg-deb here: no Debian package", file=sys.stderr)
        return 0
    print(build_deb(wheel, arguments.out))
    return 0


def build_wheel(out: Path) -> Path:
    """The wheel of this version, made of the source distribution beside it."""
    for pattern in ("vestnik-[0-9]*.whl", "vestnik-[0-9]*.tar.gz", "vestnik_[0-9]*.deb"):
        for before in out.glob(pattern):
            if "-linux-" not in before.name:  # that is the app
                before.unlink()
    command = [
        "uv",
        "build",
        "-q",
        "--no-build-isolation",
        "--python",
        sys.executable,
        "--out-dir",
        str(out),
        str(ROOT),
    ]
    with tempfile.TemporaryDirectory(prefix="vestnik-version-") as folder:
        more = Path(folder) / "more.cfg"
        more.write_text(f"[egg_info]\ntag_build = {commit_of(ROOT)}\n")
        subprocess.run(command, check=True, env={**os.environ, "DIST_EXTRA_CONFIG": str(more)})
    [wheel] = out.glob("vestnik-*.whl")
    return wheel


def commit_of(root: Path) -> str:
    """What comes after the version: `+` the commit's time (UTC) and its name, `.changed` where there is more than that;
    nothing where `root` is no checkout of git's."""
    if shutil.which("git") is None or not (root / ".git").exists():
        return ""

    def git(*words: str) -> str:
        command = ["git", "-C", str(root), *words]
        env = {**os.environ, "TZ": "UTC"}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.strip()

    try:
        told = git("log", "-1", "--abbrev=10", "--format=%cd.g%h", "--date=format-local:%Y%m%d%H%M%S")
        return f"+{told}.changed" if git("status", "--porcelain", "-uno") else f"+{told}"
    except subprocess.CalledProcessError:  # no commit yet, or a checkout of somebody else's
        return ""


def build_deb(wheel: Path, out: Path) -> Path:
    """The package for this machine's architecture."""
    version = f"{wheel.name.split('-')[1]}-1"  # with a revision: above the app's, which was once a package of this name
    shown = ["dpkg", "--print-architecture"]
    architecture = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="vestnik-deb-") as folder:
        tree = Path(folder) / "vestnik"
        fill_environment(tree / HOME, wheel)
        copy_files(tree)
        write_control(tree / "DEBIAN", version, architecture, _kilobytes(tree))
        for path in (tree, *tree.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        deb = out / f"vestnik_{version}_{architecture}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(deb)], check=True)
    return deb


def fill_environment(folder: Path, wheel: Path) -> None:
    """A virtual environment that works wherever it is put; the dependencies are those that the lock names."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(f"/usr/bin/python{PYTHON}")
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n")
    packages = folder / "lib" / f"python{PYTHON}" / "site-packages"
    install = [
        "uv",
        "pip",
        "install",
        "-q",
        "--python",
        sys.executable,
        "--link-mode",
        "copy",
        "--target",
        str(packages),
    ]
    subprocess.run([*install, "-c", str(ROOT / "requirements.lock"), str(wheel)], check=True)
    shutil.rmtree(packages / "bin", ignore_errors=True)  # programs with the path of the building machine in them
    compile_code(folder, packages)


def compile_code(folder: Path, packages: Path) -> None:
    """Nobody may write there later, so each start would compile all of it. dpkg replaces both the text and what is made
    of it, so no start compares them."""
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, "-s", str(folder), "-p", f"/{HOME}", str(packages)], check=True)


def copy_files(tree: Path) -> None:
    """The command, the units, the documents."""
    _put(tree / "usr/bin/vestnik", START, 0o755)
    for name in ("vestnik.service", "vestnik-backup.service", "vestnik-backup.timer"):
        _put(tree / "lib/systemd/system" / name, (DEPLOY / name).read_text())
    for document in (*sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md", DEPLOY / "nginx.conf"):
        _put(tree / "usr/share/doc/vestnik" / document.name, document.read_text())
    _put(tree / "usr/share/doc/vestnik/copyright", (ROOT / "LICENSE").read_text())
    _put(tree / "usr/share/vestnik/env.example", (ROOT / ".env.example").read_text())


def write_control(folder: Path, version: str, architecture: str, kilobytes: int) -> None:
    """What dpkg is told, and what it runs."""
    values = {
        "VERSION": version,
        "ARCHITECTURE": architecture,
        "SIZE": str(kilobytes),
        "PYTHON": PYTHON,
        "NEXT": NEXT_PYTHON,
    }
    control = (DEPLOY / "debian" / "control").read_text()
    for name, value in values.items():
        control = control.replace(f"@{name}@", value)
    _put(folder / "control", control)
    for name in ("postinst", "prerm", "postrm"):
        _put(folder / name, (DEPLOY / "debian" / name).read_text(), 0o755)


def _put(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def _kilobytes(tree: Path) -> int:
    return sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink()) // 1024


if __name__ == "__main__":
    sys.exit(main())
