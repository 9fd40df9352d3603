from __future__ import annotations

import resource

from hypothesis import given
from hypothesis import strategies as st

from connectors.google.memberships import Ids, IdSet, id_of, key_of

ODD = ["00AB", "-1", "-00000000000000a", "deadbeef" * 4, "1_0"]
IDS = st.one_of(st.integers(0, 2**64 - 1).map(lambda n: f"{n:016x}"), st.text(), st.sampled_from(ODD))


@given(st.lists(IDS, unique=True), st.lists(IDS))
def test_a_set_of_ids_is_a_set(listed: list[str], others: list[str]) -> None:
    held = IdSet(listed)
    for identifier in [*listed, *others]:
        assert (key_of(identifier) in held) == (identifier in set(listed))
    assert sorted(id_of(key) for key in Ids(listed)) == sorted(listed)
    assert len(Ids(listed)) == len(listed)


def test_two_hundred_thousand_messages_under_six_labels_fit_in_twenty_megabytes() -> None:
    def ids(step: int) -> list[str]:
        return (f"{0x18C0000000000000 + n * 977:016x}" for n in range(200_000, 0, -step))  # type: ignore[return-value]

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = [Ids(ids(1)), *(IdSet(ids(step)) for step in (1, 2, 3, 5, 10, 20))]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert len(kept) == 7
    assert grown < 20
