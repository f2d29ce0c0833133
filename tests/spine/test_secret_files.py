"""`BLUELAMP_X_FILE`: settings from files, as container platforms hand out secrets, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bluelamp.app.cli import cli
from bluelamp.app.settings_page import names
from bluelamp.spine import secret_files
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.secret_files import FromFiles, SecretFileError

URL = "postgresql://bluelamp:otter-vellum@db/bluelamp"
OPEN = {"public_url"}
SECRETS = [
    name
    for name in PlatformSettings.model_fields
    if name.endswith(("_url", "_secret", "_keys", "_password", "_token")) and name not in OPEN
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(URL + "\n")
    return path


def test_there_are_secrets() -> None:
    assert {"database_url", "nats_url", "columnar_url"} <= set(SECRETS)
    assert issubclass(PlatformSettings, FromFiles)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_come_from_a_file_and_is_not_shown(name: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"BLUELAMP_{name.upper()}_FILE", str(file))
    settings = PlatformSettings()
    value = getattr(settings, name)
    assert (value if isinstance(value, str) else value.get_secret_value()) == URL
    assert "otter" not in repr(settings)
    assert "otter" not in str(settings)


def test_the_command_line_comes_first(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUELAMP_DATABASE_URL_FILE", str(file))
    assert PlatformSettings(database_url="given").database_url == "given"


def test_both_at_once_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUELAMP_DATABASE_URL", "x")
    monkeypatch.setenv("BLUELAMP_DATABASE_URL_FILE", str(file))
    with pytest.raises(SecretFileError, match="both set"):
        PlatformSettings()


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * (secret_files.BYTES_MAX + 1), None])
def test_a_file_that_cannot_be_used_is_told_without_its_content(
    tmp_path: Path, content: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("BLUELAMP_NATS_URL_FILE", str(path))
    with pytest.raises(SecretFileError, match="BLUELAMP_NATS_URL_FILE") as caught:
        PlatformSettings()
    assert "xxx" not in str(caught.value)


def test_a_setting_called_file_keeps_its_meaning(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUELAMP_LOG_FILE", str(file))
    monkeypatch.setenv("BLUELAMP_PURPOSES_FILE", str(file))
    settings = PlatformSettings()
    assert (settings.log_file, settings.purposes_file) == (file, file)
    assert "BLUELAMP_LOG_FILE" in names(PlatformSettings)


def test_the_command_says_which_file_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLUELAMP_DATABASE_URL_FILE", str(tmp_path / "none"))
    run = CliRunner().invoke(cli, ["doctor", "--data", str(tmp_path)])
    assert run.exit_code != 0
