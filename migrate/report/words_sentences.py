"""The sentences that connectors and mappings say of an item, in French. Those without a row are shown as they are.

Keys are the sentences as written where they arise; ``{}`` stands for what is filled in there.
"""

# ruff: noqa: E501 - sentences, one beside the other

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

FRENCH: Mapping[str, str] = {
    "A Google document becomes an office file: layout and live functions may differ.": "Un document Google devient un fichier bureautique : la mise en page et les fonctions vivantes peuvent différer.",
    "A OneNote notebook is no file; export it from OneNote, to PDF for instance.": "Un bloc-notes OneNote n'est pas un fichier : l'exporter depuis OneNote, en PDF par exemple.",
    "A calendar of someone else's, or a public one: it moves with its owner, or is subscribed to again.": "Un agenda de quelqu'un d'autre, ou public : il suit son propriétaire, ou l'on s'y réabonne.",
    "A calendar of someone else's: it moves with its owner.": "Un agenda de quelqu'un d'autre : il suit son propriétaire.",
    "A calendar that Outlook makes itself or subscribes to: birthdays, holidays. Subscribe to it again.": "Un agenda qu'Outlook fait lui-même ou auquel il est abonné (anniversaires, jours fériés) : s'y réabonner.",
    "A category becomes a keyword, without accents and capitals, and has no colour.": "Une catégorie devient un mot-clé, sans accents ni majuscules, et perd sa couleur.",
    "A category has no form as a keyword and is dropped.": "Une catégorie ne peut pas devenir un mot-clé : elle est abandonnée.",
    "A deleted occurrence lies on a day on which there is none.": "Une occurrence supprimée tombe un jour où il n'y en a pas.",
    "A Vids project is only delivered by hand.": "Un projet Vids ne se récupère qu'à la main.",
    "A form has no file form; export its answers to a spreadsheet first.": "Un formulaire n'est pas un fichier ; exporter d'abord ses réponses dans un tableur.",
    "A map has no file form here; export it to KML by hand.": "Une carte n'a pas ici de forme de fichier ; l'exporter en KML à la main.",
    "A shortcut points to a file that moves with its owner.": "Un raccourci mène à un fichier qui suit son propriétaire.",
    "A site has no file form.": "Un site n'est pas un fichier.",
    "Fusion tables ended; there is nothing to export.": "Les tables Fusion n'existent plus ; il n'y a rien à exporter.",
    "Jamboard ended; there is nothing to export.": "Jamboard n'existe plus ; il n'y a rien à exporter.",
    "The file belongs to another application, which alone can export it.": "Le fichier appartient à une autre application, qui seule peut l'exporter.",
    "This kind of Google document has no export.": "Ce genre de document Google n'a pas d'export.",
    "A further label becomes a keyword on the one copy.": "Un libellé supplémentaire devient un mot-clé de l'unique copie.",
    "A further label has no form as a keyword and is dropped.": "Un libellé supplémentaire ne peut pas devenir un mot-clé : il est abandonné.",
    "A guest without a mail address is left out.": "Un invité sans adresse est laissé de côté.",
    "A link to a file in OneDrive is left behind.": "Un lien vers un fichier OneDrive est laissé de côté.",
    "A list that someone else shares: it moves with its owner.": "Une liste que quelqu'un d'autre partage : elle suit son propriétaire.",
    "A meeting that was never sent: send it, or delete it.": "Une réunion jamais envoyée : l'envoyer, ou la supprimer.",
    "A reminder by mail becomes one on screen.": "Un rappel par courriel devient un rappel à l'écran.",
    "A shortcut to something of someone else's, which moves with its owner.": "Un raccourci vers ce qui appartient à quelqu'un d'autre, et suit son propriétaire.",
    "A symbolic link is not followed.": "Un lien symbolique n'est pas suivi.",
    "A zip tells times without zone and to two seconds: they are read as UTC.": "Un zip donne les heures sans fuseau et à deux secondes près : elles sont lues en UTC.",
    "An address that Gmail collected by itself; it moves only when other_contacts asks for it.": "Une adresse que Gmail a retenue d'elle-même ; elle ne part que si other_contacts le demande.",
    "An album only names pictures, which move from where they lie.": "Un album ne fait que nommer des images, qui partent de leur dossier.",
    "An archive does not tell a calendar's colour nor with whom it was shared.": "Une archive ne dit ni la couleur d'un agenda, ni avec qui il était partagé.",
    "An archive does not tell whether a file was shared, nor with whom.": "Une archive ne dit pas si un fichier était partagé, ni avec qui.",
    "An archive does not tell whether the tasks of a list recur.": "Une archive ne dit pas si les tâches d'une liste se répètent.",
    "An attached file is too large for a calendar: save it elsewhere.": "Un fichier joint est trop gros pour un agenda : l'enregistrer ailleurs.",
    "An attached file is too large for a task: save it elsewhere.": "Un fichier joint est trop gros pour une tâche : l'enregistrer ailleurs.",
    "An attached message, event or contact is left behind.": "Un message, événement ou contact joint est laissé de côté.",
    "Another time that a guest proposed is not carried over.": "Un autre horaire proposé par un invité n'est pas repris.",
    "Chats are not mail.": "Les discussions ne sont pas du courrier.",
    "Comments and suggestions follow only as far as the export writes them.": "Les commentaires et suggestions ne suivent que si l'export les écrit.",
    "Data that applications attached is left behind.": "Les données attachées par des applications sont laissées de côté.",
    "Downloads of this file are forbidden; lift the restriction to move it.": "Le téléchargement de ce fichier est interdit ; lever la restriction pour le déplacer.",
    "Earlier versions are not moved.": "Les versions antérieures ne sont pas déplacées.",
    "Every part of it was cancelled.": "Toutes ses parties ont été annulées.",
    "Exchange does not list this hidden folder, which programs use and people do not see.": "Exchange ne liste pas ce dossier caché, dont se servent des programmes et que personne ne voit.",
    "Invitations will not be declined automatically.": "Les invitations ne seront pas refusées automatiquement.",
    "It belongs to someone else and moves with its owner.": "Il appartient à quelqu'un d'autre et suit son propriétaire.",
    "It lies in the trash.": "Il est dans la corbeille.",
    "Microsoft holds this file to be malware and does not hand it out.": "Microsoft tient ce fichier pour malveillant et ne le donne pas.",
    "Neither a file nor a folder.": "Ni un fichier, ni un dossier.",
    "Only single occurrences of this series were in the calendar.": "Seules des occurrences isolées de cette série étaient dans l'agenda.",
    "Spam is left behind.": "Le courrier indésirable est laissé sur place.",
    "The answer given is not kept: its author is not a guest by name.": "La réponse donnée n'est pas gardée : son auteur n'est pas un invité nommé.",
    "The archive does not define the event's time zone: its name is kept.": "L'archive ne définit pas le fuseau de l'événement : son nom est gardé.",
    "The archive does not tell when the file was changed.": "L'archive ne dit pas quand le fichier a été modifié.",
    "The attachment stays a link to the original file.": "La pièce jointe reste un lien vers le fichier d'origine.",
    "The card had no name: an address or a number stands for it.": "La fiche n'avait pas de nom : une adresse ou un numéro en tient lieu.",
    "The day was reckoned in another time zone than the mailbox's: check it.": "Le jour a été compté dans un autre fuseau que celui de la boîte : à vérifier.",
    "The e-mail reminder becomes a notification.": "Le rappel par courriel devient une notification.",
    "The event ends before it starts: only its start is kept.": "L'événement finit avant de commencer : seul son début est gardé.",
    "The event had no UID: one is made from its content.": "L'événement n'avait pas d'identifiant : il en reçoit un, tiré de son contenu.",
    "The event's label is not carried over.": "L'étiquette de l'événement n'est pas reprise.",
    "The exclusion rule becomes the list of its dates.": "La règle d'exclusion devient la liste de ses dates.",
    "The guest list was not given in full.": "La liste des invités n'a pas été donnée en entier.",
    "The mail or document that the task came from is a link to Google.": "Le courriel ou document dont vient la tâche est un lien vers Google.",
    "The mail or document that the task came from is a link to Microsoft.": "Le courriel ou document dont vient la tâche est un lien vers Microsoft.",
    "The mailbox server refuses this name: characters replaced.": "Le serveur de courrier refuse ce nom : des caractères sont remplacés.",
    "The meeting room ends with the account: create a new one.": "La salle de visioconférence finit avec le compte : en créer une autre.",
    "The message is in the inbox too; its one copy lies elsewhere.": "Le message est aussi dans la boîte de réception ; son unique copie est ailleurs.",
    "The name is not UTF-8; rename it to move it.": "Le nom n'est pas en UTF-8 ; le renommer pour le déplacer.",
    "The online archive of this mailbox cannot be read by Graph: it stays until it is moved by other means.": "L'archive en ligne de cette boîte ne peut pas être lue par Graph : elle reste, jusqu'à être déplacée autrement.",
    "The organizer has no mail address: left out.": "L'organisateur n'a pas d'adresse : laissé de côté.",
    "The organizer is a calendar without a mailbox: left out.": "L'organisateur est un agenda sans boîte aux lettres : laissé de côté.",
    "The photo is a link to Google, which ends with the account.": "La photo est un lien vers Google, qui finit avec le compte.",
    "The series should end, and does not say when: it goes on.": "La série devrait finir, sans dire quand : elle continue.",
    "The service does not tell whether tasks recur; only the current one moves.": "Le service ne dit pas si les tâches se répètent ; seule celle du moment part.",
    "The tab “{}” has no equivalent.": "L'onglet « {} » n'a pas d'équivalent.",
    "The target makes birthdays from the address book.": "La cible tire les anniversaires du carnet d'adresses.",
    "The time zone has an unknown name: the moment is kept.": "Le fuseau porte un nom inconnu : l'instant est gardé.",
    "The trash is left behind.": "La corbeille est laissée sur place.",
    "There is no equivalent of “{}”.": "Il n'y a pas d'équivalent de « {} ».",
    "There is no “personal”: the event becomes a private one.": "« Personnel » n'existe pas : l'événement devient privé.",
    "These are flagged messages: they move with the mail, and their flags with them.": "Ce sont des messages marqués : ils partent avec le courrier, et leur marque avec eux.",
    "This kind of package is no file and has no export.": "Ce genre de paquet n'est pas un fichier et n'a pas d'export.",
    "What guests may do is not carried over.": "Ce que les invités peuvent faire n'est pas repris.",
    "another item of the folder has this name: a suffix is added": "un autre élément du dossier porte ce nom : un suffixe est ajouté",
    "changed on both sides since it was moved; neither is overwritten": "modifié des deux côtés depuis son déplacement ; aucun n'est écrasé",
    "characters that the target forbids are replaced by look-alikes": "les caractères que la cible interdit sont remplacés par d'autres, semblables",
    "endings that the target forbids are removed": "les fins de nom que la cible interdit sont retirées",
    "its labels or flags changed since, and this target cannot follow; its content is there": "ses libellés ou marques ont changé depuis, et cette cible ne peut pas suivre ; son contenu est là",
    "listed at the source under another address: its copy follows": "listé à la source sous une autre adresse : sa copie suit",
    "more files of a folder have one name than can be told apart": "plus de fichiers d'un dossier portent le même nom qu'on ne peut en distinguer",
    "no longer at the source, and its copy was edited at the target: it stays": "disparu de la source, et sa copie a été modifiée à la cible : elle reste",
    "no longer at the source, nor at the target": "disparu de la source comme de la cible",
    "no longer at the source; its copy stays at the target": "disparu de la source ; sa copie reste à la cible",
    "no longer at the source; more are gone than may be removed, so that all copies stay": "disparu de la source ; trop d'éléments ont disparu pour qu'on les retire : toutes les copies restent",
    "over the target's limit of {} bytes": "au-delà de la limite de la cible ({} octets)",
    "removed from the target since it was moved; not put back": "retiré de la cible depuis son déplacement ; n'y est pas remis",
    "the name is longer than the target allows; it is cut, its extension kept": "le nom est plus long que la cible ne l'admet : il est coupé, son extension gardée",
    "the target already holds something else under this name": "la cible contient déjà autre chose sous ce nom",
    "the target reserves this name; it is marked with a low line": "la cible se réserve ce nom : il est marqué d'un tiret bas",
    "there is no mapping from its form to one that the target takes": "il n'y a pas de passage de sa forme à une que la cible accepte",
    "“Waiting on others” and “deferred” have no equivalent: it is to be done.": "« En attente » et « reporté » n'ont pas d'équivalent : la tâche est à faire.",
    "Earlier versions, where there are any, are not moved.": "Les versions antérieures, s'il y en a, ne sont pas déplacées.",
    "It is shared, and Microsoft does not tell this application with whom.": "Il est partagé, et Microsoft ne dit pas à cette application avec qui.",
    "Two different events share one UID.": "Deux événements différents ont le même identifiant.",
    "Every part of this event was cancelled.": "Toutes les parties de cet événement ont été annulées.",
    "This event starts as a day and ends as a time.": "Cet événement commence par un jour et finit par une heure.",
    "This event's time zone is unknown.": "Le fuseau de cet événement est inconnu.",
    "This event's data is not as the calendar service documents it.": "Les données de cet événement ne sont pas telles que le service les documente.",
    "the source's quota, {} items a minute for one account": "le quota de la source, {} éléments par minute pour un compte",
    "the target's quota, {} items a minute for one account": "le quota de la cible, {} éléments par minute pour un compte",
    "the target's limit of {} shares an hour": "la limite de la cible, {} partages par heure",
    "the speed measured so far, {} items a second for one account": "l'allure mesurée jusqu'ici, {} éléments par seconde pour un compte",
    "the speed of the two servers, not measured yet: apply a first wave to know it": "l'allure des deux serveurs, pas encore mesurée : appliquer une première vague pour la connaître",
    "Google did not deliver the photo.": "Google n'a pas livré la photo.",
    "A formatted address without parts keeps its text only.": "Une adresse sans parties ne garde que son texte.",
    "An age range of a profile has no place in a card.": "La tranche d'âge d'un profil n'a pas de place dans une fiche.",
    "Data that other programs left with the contact is not moved.": "Les données que d'autres programmes ont laissées au contact ne sont pas déplacées.",
    "A profile's cover photo is not the contact's.": "L'image de fond d'un profil n'est pas celle du contact.",
    "An event without a date keeps its text only.": "Un événement sans date ne garde que son texte.",
    "The language of a profile is not moved.": "La langue d'un profil n'est pas déplacée.",
    "A desk of the office directory is not moved.": "Le bureau de l'annuaire n'est pas déplacé.",
    "Which other contacts and profiles it was joined with is not moved.": "Les autres contacts et profils auxquels il était joint ne sont pas repris.",
    "This contact's data is not as the people service documents it.": "Les données de ce contact ne sont pas telles que le service les documente.",
    "Every occurrence of this series was deleted.": "Toutes les occurrences de cette série ont été supprimées.",
    "This event has no UID.": "Cet événement n'a pas d'identifiant.",
    "This series' time zone is unknown, and its later occurrences with it.": "Le fuseau de cette série est inconnu, et avec lui ses occurrences à venir.",
    "The time zone was made up by hand, and its rules are not told: the mailbox's own is used.": "Le fuseau a été fait à la main, et ses règles ne sont pas dites : celui de la boîte est pris.",
    "There is no event in this data.": "Il n'y a pas d'événement dans ces données.",
    "This event's data is not as Microsoft Graph documents it.": "Les données de cet événement ne sont pas telles que Microsoft Graph les documente.",
    "The time zone of this event's times is unknown.": "Le fuseau des heures de cet événement est inconnu.",
    "Another event of the calendar has its UID: it is given one of its own.": "Un autre événement de l'agenda porte son identifiant : il en reçoit un autre.",
    "Those who share this calendar saw a private event as “busy”: it is hidden from them instead.": "Ceux qui partagent cet agenda voyaient un événement privé comme « occupé » : il leur est désormais caché.",
    "The time zone of this task's days is unknown.": "Le fuseau des jours de cette tâche est inconnu.",
    "This task's data is not as Microsoft Graph documents it.": "Les données de cette tâche ne sont pas telles que Microsoft Graph les documente.",
    "This task's data is not as the tasks service documents it.": "Les données de cette tâche ne sont pas telles que le service les documente.",
    "it was open to everyone and to search engines; it is not published again": "il était ouvert à tous et aux moteurs de recherche ; il n'est pas publié de nouveau",
    "it has expired; it is not made again": "il a expiré ; il n'est pas refait",
    "times without contents cannot be shared there; nothing is shared": "des horaires sans contenu ne peuvent pas y être partagés ; rien n'est partagé",
    "a calendar is not published to whoever has an address": "un agenda n'est pas publié à quiconque a une adresse",
    "those who could comment can read": "ceux qui pouvaient commenter peuvent lire",
    "the person has no account there; nothing is shared": "la personne n'y a pas de compte ; rien n'est partagé",
    "no group of the target was named for it; nothing is shared": "aucun groupe de la cible n'a été nommé pour lui ; rien n'est partagé",
    "a whole domain: no group of the target was named for it": "un domaine entier : aucun groupe de la cible n'a été nommé pour lui",
    "something in it is kept from them, and would not be there; refused": "quelque chose leur y est caché, et ne le serait plus ; refusé",
}


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Sentences with a place to fill in."""
    return [
        (re.compile(re.escape(english).replace(re.escape("{}"), "(.*)")), french)
        for english, french in FRENCH.items()
        if "{}" in english
    ]


def french(sentence: str) -> str:
    """The sentence in French; as it is when nobody translated it yet."""
    if sentence in FRENCH:
        return FRENCH[sentence]
    for pattern, text in _patterns():
        if found := pattern.fullmatch(sentence):
            return text.format(*found.groups())
    return sentence
