"""A supervisor in a process of its own, as tests that kill it need one.

python platform_process.py DATA PORT
"""

import signal
import sys
from pathlib import Path

from bluelamp.app.engines.data_folder import DataFolder
from bluelamp.app.engines.errors import EngineError
from bluelamp.app.engines.group import EngineUrls
from bluelamp.app.engines.supervisor import Address, Supervisor

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))


def main() -> None:
    try:
        folder = DataFolder.open(Path(sys.argv[1]))
        supervisor = Supervisor(folder, Address("127.0.0.1", int(sys.argv[2])), EngineUrls(), STAND_IN)
        signal.signal(signal.SIGTERM, lambda *_: supervisor.request_stop())
        with supervisor.running():
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            supervisor.watch()
    except EngineError as error:
        sys.stdout.write(f"{error.code} {error.message}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
