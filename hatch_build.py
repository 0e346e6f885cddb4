"""Compiles the hot lane when a wheel is built, where there is a C compiler.

The modules that `pyproject.toml` names are plain Python and stay in the wheel as they are; mypyc
makes an extension of each beside it, which Python then prefers. Without a compiler, or with
`STREAMER_PLAIN=1`, the wheel is plain and does the same, slower. An editable install is never
compiled: what is edited there is what runs. `STREAMER_OPTIMIZE=0` leaves the C compiler's
optimizations out, which takes half the time: for tests.
"""

import os
import shutil
import sysconfig
import tempfile
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledModules(BuildHookInterface[Any]):
    """Adds the compiled modules to a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, or say why not."""
        self._folder = Path(tempfile.mkdtemp())
        if version == "editable" or os.environ.get("STREAMER_PLAIN"):
            return
        try:
            made = compiled(Path(self.root), self.config["modules"], self._folder)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (plain Python always works)
            self.app.display_warning(f"not compiled, so slower but not different: {error}")
            return
        build_data["force_include"].update({str(self._folder / name): name for name in made})
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Leave nothing behind."""
        shutil.rmtree(self._folder)


def compiler() -> str | None:
    """Return the C compiler that extensions of this Python are made with, None without one."""
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    return shutil.which(command.split()[0])


def compiled(root: Path, modules: Sequence[str], folder: Path) -> list[str]:
    """Compile modules into the folder; return the names of the extensions, as they are to lie."""
    from mypyc.build import mypycify  # noqa: PLC0415 (an editable install needs neither)
    from setuptools import Distribution  # type: ignore[import-untyped]  # noqa: PLC0415

    if compiler() is None:
        raise OSError("there is no C compiler")
    options = ["--config-file=", "--ignore-missing-imports"]
    paths = [str(path.relative_to(root)) for module in modules for path in root.glob(module)]
    with chdir(root):
        extensions = mypycify(
            [*options, *sorted(paths)],
            opt_level=os.environ.get("STREAMER_OPTIMIZE", "3"),
            debug_level="0",
            group_name="streamer",
            target_dir=str(folder / "source"),
        )
        command = Distribution({"ext_modules": extensions}).get_command_obj("build_ext")
        command.build_lib = str(folder)
        command.build_temp = str(folder / "objects")
        command.ensure_finalized()
        command.run()
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    return [str(made.relative_to(folder)) for made in folder.rglob(f"*{suffix}")]
