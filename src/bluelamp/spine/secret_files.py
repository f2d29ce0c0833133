"""Settings from files: `BLUELAMP_X_FILE` names the file that holds the value of `BLUELAMP_X`, as container platforms hand out secrets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

BYTES_MAX = 64 << 10


class SecretFileError(ValueError):
    """The file cannot be used; the message never holds what is in it."""


class SecretFiles(PydanticBaseSettingsSource):
    """A source of settings. A setting that is itself called `…_FILE` keeps its own meaning."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - the base's signature
        name = f"{self.config.get('env_prefix', '')}{field_name}".upper()
        file = os.environ.get(f"{name}_FILE", "")
        if not file or f"{field_name}_file" in self.settings_cls.model_fields:
            return None, field_name, False
        if os.environ.get(name):
            raise SecretFileError(f"{name} and {name}_FILE are both set: keep one")
        return _content(name, Path(file)), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def _content(name: str, file: Path) -> str:
    """The text without the line end that editors put at its end."""
    try:
        with file.open("rb") as opened:
            content = opened.read(BYTES_MAX + 1)
        text = content.decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SecretFileError(f"{name}_FILE: {file} cannot be read ({reason})") from None
    if len(content) > BYTES_MAX or not text:
        raise SecretFileError(f"{name}_FILE: {file} is empty or larger than {BYTES_MAX} bytes")
    return text


class FromFiles:
    """Mixed into a class of settings, before `BaseSettings`: beside the environment, each setting may come from a file."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretFiles(settings_cls)
