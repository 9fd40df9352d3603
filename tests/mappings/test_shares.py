"""Grants carried over: folded into folders, never wider, and every loss told."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from mappings.shares import Directory, Held, Wanted, shared
from migrate.model import Grant, GrantKind, GrantRole, Service

NOW = datetime(2026, 11, 26, tzinfo=UTC)
WHO = Directory(
    people={"alice@a.example": "alice", "bob@a.example": "bob", "carol@a.example": "carol"},
    groups={"equipe@a.example": "equipe"},
    owner="alice",
)


def user(name: str, role: GrantRole = GrantRole.READ, **more: object) -> Grant:
    return Grant(kind=GrantKind.USER, role=role, principal=f"{name}@a.example", **more)  # type: ignore[arg-type]


def run(*held: Held, service: Service = Service.FILES) -> tuple[list[Wanted], list[str]]:
    wanted, losses = shared(service, held, WHO, NOW)
    return wanted, [loss.reason for _, loss in losses]


def test_people_and_groups_get_their_names_there_and_the_owner_nothing() -> None:
    group = Grant(kind=GrantKind.GROUP, role=GrantRole.WRITE, principal="Equipe@A.example")
    wanted, losses = run(Held(id="f", folder=True, grants=(user("alice"), user("Bob"), group)))
    assert [(w.grant.kind, w.grant.principal, w.grant.role) for w in wanted] == [
        (GrantKind.GROUP, "equipe", GrantRole.WRITE),
        (GrantKind.USER, "bob", GrantRole.READ),
    ]
    assert not losses


def test_strangers_domains_the_public_and_the_expired_are_losses() -> None:
    grants = (
        user("zoe"),
        Grant(kind=GrantKind.GROUP, role=GrantRole.READ, principal="amis@a.example"),
        Grant(kind=GrantKind.DOMAIN, role=GrantRole.READ, principal="a.example"),
        Grant(kind=GrantKind.PUBLIC, role=GrantRole.READ),
        user("bob", expires=datetime(2025, 1, 1, tzinfo=UTC)),
    )
    wanted, losses = run(Held(id="f", grants=grants))
    assert not wanted
    assert len(losses) == 5


def test_who_could_comment_can_read_and_a_link_stays_where_it_was() -> None:
    link = Grant(kind=GrantKind.LINK, role=GrantRole.READ)
    wanted, losses = run(Held(id="f", grants=(user("bob", GrantRole.COMMENT), link)))
    assert {w.grant.role for w in wanted} == {GrantRole.READ}
    assert losses == ["those who could comment can read"]
    assert not run(Held(id="c", grants=(link,)), service=Service.CALENDAR)[0]
    assert not run(Held(id="c", grants=(user("bob", GrantRole.FREEBUSY),)), service=Service.CALENDAR)[0]


def test_equal_reading_of_all_files_becomes_one_share_of_the_folder() -> None:
    files = [Held(id=f"{n}", parent="f", grants=(user("bob"),)) for n in range(30)]
    wanted, _ = run(Held(id="f", folder=True), *files)
    assert [(w.id, w.grant.principal) for w in wanted] == [("f", "bob")]


def test_writing_links_and_what_only_some_files_have_are_not_folded() -> None:
    link = Grant(kind=GrantKind.LINK, role=GrantRole.READ)
    top = Held(id="f", folder=True)
    for one, other in ((user("bob", GrantRole.WRITE),) * 2, (link, link), (user("bob"), user("carol"))):
        wanted, _ = run(top, Held(id="1", parent="f", grants=(one,)), Held(id="2", parent="f", grants=(other,)))
        assert [w.id for w in wanted] == ["1", "2"]
    assert [w.id for w in run(top, Held(id="1", parent="f", grants=(user("bob"),)), Held(id="2", parent="f"))[0]] == [
        "1"
    ]


def test_what_a_folder_gives_already_is_not_given_again() -> None:
    inner = Held(id="g", parent="f", folder=True, grants=(user("bob"), user("carol", GrantRole.WRITE)))
    top = Held(id="f", folder=True, grants=(user("bob", GrantRole.WRITE), user("carol")))
    wanted, _ = run(top, inner)
    assert [(w.id, w.grant.principal) for w in wanted] == [("f", "bob"), ("f", "carol"), ("g", "carol")]


def test_a_folder_with_something_kept_from_the_person_is_not_shared() -> None:
    top = Held(id="f", folder=True, grants=(user("bob"), user("carol")))
    open_ = Held(id="1", parent="f", grants=(user("bob", inherited=True), user("carol", inherited=True)))
    closed = Held(id="2", parent="f", grants=(user("carol", inherited=True),))
    wanted, losses = run(top, open_, closed)
    assert [(w.id, w.grant.principal) for w in wanted] == [("f", "carol")]
    assert losses == ["something in it is kept from them, and would not be there; refused"]


NAMES = st.sampled_from(["bob", "carol"])
ROLES = st.sampled_from([GrantRole.READ, GrantRole.WRITE])
GRANTS = st.lists(st.builds(user, NAMES, ROLES), max_size=2, unique_by=lambda g: g.principal)


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans(), GRANTS), max_size=9))
def test_nobody_gets_more_than_the_source_gave(rows: list[tuple[int, bool, list[Grant]]]) -> None:
    """What a person may do with a leaf there, folders above included, is what they might at the source."""
    held: list[Held] = []
    for number, (above, folder, grants) in enumerate(rows):
        parents = [h.id for h in held if h.folder and int(h.id) <= above]
        held.append(Held(id=str(number), parent=parents[-1] if parents else "", folder=folder, grants=tuple(grants)))
    wanted, _ = run(*held)
    parents_of = {h.id: h.parent for h in held}
    before = {(h.id, g.principal.split("@")[0]): g.role for h in held for g in h.grants}
    after = {(w.id, w.grant.principal): w.grant.role for w in wanted}

    def most(given_: dict[tuple[str, str], GrantRole], name: str, person: str) -> int:
        best = -1
        while name:
            if (name, person) in given_:
                best = max(best, list(GrantRole).index(given_[name, person]))
            name = parents_of[name]
        return best

    parents = set(parents_of.values())
    for leaf in (h.id for h in held if h.id not in parents):
        for person in ("bob", "carol"):
            assert most(before, leaf, person) == most(after, leaf, person)


def test_where_the_source_names_everyone_what_it_does_not_name_is_kept_from_them() -> None:
    """A folder shared with Bob, and one thing in it from which he was removed: no share may reach that."""
    held = (
        Held(id="f", folder=True, grants=(user("bob"),)),
        Held(id="open", parent="f", grants=(user("bob", inherited=True),)),
        Held(id="kept", parent="f"),
    )
    wanted, losses = shared(Service.FILES, held, WHO, NOW, complete=True)
    assert not wanted
    assert [loss.reason for _, loss in losses] == ["something in it is kept from them, and would not be there; refused"]
    whole, lost = shared(Service.FILES, held[:2], WHO, NOW, complete=True)
    assert [(want.id, want.grant.principal) for want in whole] == [("f", "bob")]
    assert not lost
    alone, refused = shared(Service.FILES, (held[0], held[2]), WHO, NOW, complete=True)
    assert (alone, len(refused)) == ([], 1)
