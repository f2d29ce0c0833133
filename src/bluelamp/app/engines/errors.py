"""What can go wrong with the data folder and the engines, told with the way to mend it."""

from __future__ import annotations


class EngineError(Exception):
    """Names what is wrong (`message`), and what to do about it (`remedy`). Nothing was harmed."""

    code = "engine"

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}"


class ForeignFolder(EngineError):
    code = "foreign_folder"


class NewerFolder(EngineError):
    code = "newer_folder"


class FolderInUse(EngineError):
    code = "folder_in_use"


class PortTaken(EngineError):
    code = "port_taken"


class DiskFull(EngineError):
    code = "disk_full"


class EngineDidNotStart(EngineError):
    code = "engine_did_not_start"


class NoUnprivilegedUser(EngineError):
    code = "no_unprivileged_user"
