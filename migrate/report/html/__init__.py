"""Pages that stand alone: no script, no request, one layout for every report (``Page`` and ``render``)."""

from migrate.report.html.page import Bars, Notice, Page, Section, Table, render

__all__ = ["Bars", "Notice", "Page", "Section", "Table", "render"]
