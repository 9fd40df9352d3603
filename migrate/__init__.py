"""The engine of transhume: inventory, plan, apply, verify."""

__version__ = "0.1.0"
