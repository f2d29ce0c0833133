"""Writes docs/settings.md from the settings that the modules declare: `python -m bluelamp.app.settings_page FILE`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from bluelamp.app.wiring import MODULES

HEAD = """# Settings

Every setting is an environment variable. For the commands, options on the command line come first, then the environment, then the
default. This page is written by `python -m bluelamp.app.settings_page docs/settings.md` from the code; a test fails when it is out of date.

Any setting of `PlatformSettings`, and any text of `OidcSettings`, may come from a file:
`BLUELAMP_DATABASE_URL_FILE=/run/secrets/database` names the file that holds what `BLUELAMP_DATABASE_URL` would. Use it for addresses with a
password in them and for keys; both at once are refused. A setting whose own name ends in `_FILE` means itself.

The blob store's credentials and endpoint come from the usual `AWS_*` variables.
`BLUELAMP_NO_BROWSER` keeps `up` and `demo` from opening one.
"""

TABLE = "| variable | default | bounds | meaning |\n|---|---|---|---|\n"


def _default(field: FieldInfo) -> str:
    value: Any = field.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path):
        value = str(value).replace(str(Path.home()), "~", 1)
    if value is None or value == "":
        return "none"
    return f"`{value}`"


def _bounds(field: FieldInfo) -> str:
    words = {"ge": "at least {}", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}
    return ", ".join(words[name].format(getattr(rule, name)) for rule in field.metadata for name in words if hasattr(rule, name))


def names(settings: type[BaseSettings]) -> dict[str, FieldInfo]:
    """The environment variables of one class of settings."""
    prefix = settings.model_config.get("env_prefix", "")
    return {f"{prefix}{name}".upper(): field for name, field in settings.model_fields.items()}


def page() -> str:
    """The page as it should be."""
    parts = [HEAD]
    for module in MODULES:
        for settings in module.settings:
            about = " ".join((settings.__doc__ or "").split())
            parts.append(
                f"\n## {settings.__name__} ({module.name})\n\n{about}\n\n| variable | default | bounds | meaning |\n|---|---|---|---|\n"
            )
            parts += [f"| `{name}` | {_default(f)} | {_bounds(f)} | {f.description or ''} |\n" for name, f in names(settings).items()]
    return "".join(parts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), "utf-8")
