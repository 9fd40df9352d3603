"""The toy is a package of its own; its tests run where it is installed (``tests/test_plugin.py``)."""

collect_ignore = ["toy"]
