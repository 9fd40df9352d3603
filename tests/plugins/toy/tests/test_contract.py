from collections.abc import Iterator
from pathlib import Path

import pytest
from transhume_toy import Toy
from transhume_toy.folder import FolderTarget

from connectors.contract import TargetContract
from migrate.model import Service


class TestToy(TargetContract):
    media_type = "text/plain"

    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[FolderTarget]:
        (tmp_path / "alice@example.org").mkdir()
        target = Toy(tmp_path).target("alice@example.org", Service.FILES)
        yield target
        target.close()
