"""The words of a plan's page and of a comparison's. French first, then English."""

# ruff: noqa: E501 - sentences, one beside the other

from __future__ import annotations

from collections.abc import Mapping

PLAN: Mapping[str, tuple[str, str]] = {
    "plan-title": ("Le plan, avant que rien ne bouge", "The plan, before anything moves"),
    "plan-subtitle": (
        "{items} éléments trouvés, {planned} à déplacer ({size}).",
        "{items} items found, {planned} to move ({size}).",
    ),
    "plan-id": ("Plan", "Plan"),
    "plan-made": ("Durée estimée", "Estimated time"),
    "plan-s-short": ("En bref", "In short"),
    "plan-s-services": ("Par service", "By service"),
    "plan-s-people": ("Par personne", "By person"),
    "plan-s-blocked": ("Ce qui attend, et comment le débloquer", "What waits, and what would unblock it"),
    "plan-s-left": ("Ce qui ne part pas, et pourquoi", "What does not move, and why"),
    "plan-s-losses": ("Ce que chaque personne perd ou voit changer", "What each person loses or sees changed"),
    "plan-nothing": (
        "Rien à faire : tout ce qui peut partir est déjà là.",
        "Nothing to do: all that can move is there.",
    ),
    "plan-ready": ("Le plan est prêt : {planned} éléments.", "The plan is ready: {planned} items."),
    "plan-ready-text": ("Pour l'appliquer : transhume apply", "To carry it out: transhume apply"),
    "plan-sums": ("Le compte est juste.", "The sums check."),
    "plan-sums-text": (
        "{items} trouvés = {planned} prévus + {present} présents + {excluded} exclus + {unsupported} sans forme + {blocked} bloqués + {gone} disparus.",
        "{items} found = {planned} planned + {present} present + {excluded} excluded + {unsupported} unsupported + {blocked} blocked + {gone} gone.",
    ),
    "plan-wrong": ("LE COMPTE N'EST PAS JUSTE.", "THE SUMS DO NOT CHECK."),
    "plan-wrong-text": (
        "Des éléments ne sont dans aucune classe : n'appliquez pas ce plan.",
        "Some items are in no class: do not apply this plan.",
    ),
    "plan-lane": ("{account}, {service} : ne peut pas être appliqué.", "{account}, {service}: cannot be applied."),
    "plan-waits": ("{count} éléments sont bloqués.", "{count} items are blocked."),
    "plan-waits-text": ("Plus bas : ce qui les débloquerait.", "Below: what would unblock them."),
    "plan-time": ("Durée estimée : {time}", "Estimated time: {time}"),
    "plan-range": ("{low} à {high}", "{low} to {high}"),
    "plan-time-text": ("Ce qui fixe l'allure : {limit}.", "What sets the pace: {limit}."),
    "plan-shares": ("{count} partages à faire", "{count} shares to make"),
    "plan-shares-text": (
        "À la limite du serveur, environ {time}.",
        "At the server's limit, about {time}.",
    ),
    "plan-chart": ("Éléments à déplacer, par service", "Items to move, by service"),
    "plan-c-service": ("Service", "Service"),
    "plan-c-person": ("Personne", "Person"),
    "plan-c-found": ("Trouvés", "Found"),
    "plan-c-planned": ("Prévus", "Planned"),
    "plan-c-present": ("Présents", "Present"),
    "plan-c-excluded": ("Exclus", "Excluded"),
    "plan-c-unsupported": ("Sans forme", "Unsupported"),
    "plan-c-blocked": ("Bloqués", "Blocked"),
    "plan-c-gone": ("Disparus", "Gone"),
    "plan-c-size": ("Taille", "Size"),
    "plan-c-unblock": ("Ce qui débloque", "What unblocks it"),
    "unblock-both-changed": (
        "Choisir avec la personne : garder la copie de la cible, ou y recopier à la main celle de la source.",
        "Choose with the person: keep the target's copy, or put the source's there by hand.",
    ),
    "unblock-target-occupied": (
        "Renommer ou déplacer ce qui porte ce nom à la cible, puis refaire un plan.",
        "Rename or move what has this name at the target, then plan again.",
    ),
    "unblock-too-large": (
        "Relever la limite de la cible, ou le déplacer à la main.",
        "Raise the target's limit, or move it by hand.",
    ),
    "unblock-download-forbidden": (
        "À la source, lever l'interdiction de télécharger, puis refaire un plan.",
        "Lift the ban on downloads at the source, then plan again.",
    ),
    "ver-title": ("Comparaison des deux côtés", "Both sides compared"),
    "ver-subtitle": (
        "{checked} éléments comparés, {differences} différences.",
        "{checked} items compared, {differences} differences.",
    ),
    "ver-level": ("Niveau", "Level"),
    "ver-file": ("Tous les constats", "All findings"),
    "ver-s-short": ("En bref", "In short"),
    "ver-s-services": ("Par service", "By service"),
    "ver-s-people": ("Par personne", "By person"),
    "ver-s-differences": ("Les différences", "The differences"),
    "ver-s-quiet": ("Ce qui n'est pas une différence", "What is no difference"),
    "ver-same": ("Aucune différence.", "No difference."),
    "ver-same-text": (
        "{match} éléments sont égaux des deux côtés.",
        "{match} items are equal on both sides.",
    ),
    "ver-differs": ("{count} différences.", "{count} differences."),
    "ver-differs-text": (
        "Faites un nouveau plan et appliquez-le : ce qui a changé à la source suit. Ce qui reste est à regarder ci-dessous.",
        "Make a new plan and apply it: what changed at the source follows. What is left is to be looked at below.",
    ),
    "ver-more": (
        "{count} autres constats sont dans le fichier {file}.",
        "{count} further findings are in the file {file}.",
    ),
    "ver-ids": (
        "Un élément est désigné par un identifiant qui ne dit rien de son nom. Pour le nom : transhume show --item …",
        "An item is told by an id that says nothing of its name. For the name: transhume show --item …",
    ),
    "ver-c-match": ("Égaux", "Equal"),
    "ver-c-other": ("Différents", "Different"),
    "ver-c-quiet": ("Autres", "Other"),
    "ver-c-item": ("Élément", "Item"),
    "ver-c-detail": ("Précision", "Detail"),
    "detail-not-moved-yet": ("pas encore déplacé", "not moved yet"),
    "detail-gone-from-target": ("disparu de la cible", "gone from the target"),
    "detail-source-changed": ("changé à la source depuis", "changed at the source since"),
    "detail-flags": ("une marque manque à la cible", "a flag is missing at the target"),
    "detail-date": ("la date diffère", "the date differs"),
    "detail-content": ("le contenu diffère", "the content differs"),
    "detail-not-compared": ("pas comparé", "not compared"),
    "detail-counts": ("il y en a moins à la cible", "there are fewer at the target"),
}
