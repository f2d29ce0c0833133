"""What can go wrong with the data folder and the engines, told with the way to mend it."""

from __future__ import annotations

from bluelamp.spine.errors import BluelampError


class EngineError(BluelampError):
    """Names what is wrong (`problem`), and what to do about it (`remedy`). Nothing was harmed."""

    status = 503
    code = "engine"

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy


class ForeignFolderError(EngineError):
    code = "foreign_folder"


class NewerFolderError(EngineError):
    code = "newer_folder"


class FolderInUseError(EngineError):
    code = "folder_in_use"


class PortTakenError(EngineError):
    code = "port_taken"


class DiskFullError(EngineError):
    code = "disk_full"


class EngineStartError(EngineError):
    code = "engine_did_not_start"


class NoUnprivilegedUserError(EngineError):
    code = "no_unprivileged_user"


class NotRunningError(EngineError):
    code = "not_running"


class BackupError(EngineError):
    code = "backup"
