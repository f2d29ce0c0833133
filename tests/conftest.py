from tests.support.engines import engines  # noqa: F401
from tests.support.platform import platform  # noqa: F401
