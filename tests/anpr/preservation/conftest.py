from tests.anpr.searches.conftest import history  # noqa: F401
