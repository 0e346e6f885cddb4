"""Get what the clients in JavaScript need: ``python -m tests.collect.get``.

The npm packages of the lock beside their programs, into a folder of `.servers/`, and Chromium from
Debian where it may be installed. What cannot be had is said; the tests that need it are skipped.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Final

from tests.servers.get import install, say, succeeds
from tests.servers.machine import ROOT

PROGRAMS: Final = Path(__file__).parent / "npm"
_LOCK: Final = PROGRAMS / "package-lock.json"
PACKAGES: Final = ROOT / ".servers" / f"npm-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]}"


def browser() -> str | None:
    """Return the path of Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def missing_for_node() -> str | None:
    """Return what keeps the clients in Node from running here, None where nothing does."""
    if shutil.which("node") is None:
        return "there is no node on the path"
    if not PACKAGES.is_dir():
        return "the npm packages are missing (make sdks gets them)"
    return None


def missing_for_browser() -> str | None:
    """Return what keeps the clients in a browser from running here, None where nothing does."""
    if browser() is None:
        return "there is no chromium on the path (make sdks gets it where it may)"
    return missing_for_node()


def get_packages() -> None:
    """Have npm install exactly what the lock says, all or nothing, and run nothing of it."""
    part = PACKAGES.with_name(f"{PACKAGES.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PROGRAMS / name, part)
    if succeeds(["npm", "ci", "--silent", "--ignore-scripts", "--prefix", str(part.resolve())]):
        part.rename(PACKAGES)


def get() -> None:
    """Get everything that is missing, and say what is still missing then."""
    if shutil.which("node") is None:
        install("nodejs")
    if shutil.which("npm") is None:
        install("npm")
    if shutil.which("npm") is not None and not PACKAGES.is_dir():
        get_packages()
    if browser() is None:
        install("chromium")
    missing = missing_for_browser()
    say(f"THE SDKS IN A BROWSER CANNOT RUN HERE: {missing}" if missing else "the SDKs are ready")


if __name__ == "__main__":
    get()
