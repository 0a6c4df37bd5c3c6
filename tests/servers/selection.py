"""Which tests ./dev test FILTER runs, as a hook of pytest: a conftest.py imports it."""

import os


def pytest_collection_modifyitems(config, items):
    """./dev test FILTER: only tests with FILTER in their name."""
    text = os.environ.get("POINTSMAN_TEST_FILTER", "")
    chosen = [item for item in items if text in item.nodeid]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen
