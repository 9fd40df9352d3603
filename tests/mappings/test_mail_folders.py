"""Mail in folders: what is set apart stays, categories become keywords."""

from __future__ import annotations

from mappings.gmail_labels import LabelPolicy
from mappings.mail_folders import place
from migrate.model import Collection, Entry, Placement, Skip

HOME = Collection(href="", path=("Projets",), role="")


def placed(*labels: str, policy: LabelPolicy | None = None) -> Placement | Skip:
    entry = Entry(href="1", collection="c", etag="e", flags=frozenset({"\\Seen"}), labels=labels)
    return place(entry, HOME, policy or LabelPolicy())


def test_a_message_without_categories_keeps_its_folder_and_flags() -> None:
    assert placed() == Placement(path=("Projets",), flags=frozenset({"\\Seen"}))


def test_categories_become_keywords_and_what_is_lost_is_said() -> None:
    found = placed("Trésorerie", "Catégorie rouge", "日本")
    assert isinstance(found, Placement)
    assert found.flags == {"\\Seen", "$tresorerie", "$categorie_rouge"}
    assert [loss.reason for loss in found.losses].count("A category has no form as a keyword and is dropped.") == 1
    assert len(found.losses) == 3


def test_junk_and_deleted_items_stay_unless_asked_for() -> None:
    for label, code in (("\\Trash", "trash"), ("\\Spam", "spam")):
        found = placed(label, "Rouge")
        assert isinstance(found, Skip)
        assert found.code == code
        asked = placed(label, policy=LabelPolicy(trash=True, spam=True))
        assert isinstance(asked, Placement)
        assert asked.flags == {"\\Seen"}


def test_a_category_named_like_a_mark_is_a_category() -> None:
    found = placed("/\\Trash")
    assert isinstance(found, Placement)
    assert "$trash" in found.flags
