from tests.support.engines import engines  # noqa: F401
