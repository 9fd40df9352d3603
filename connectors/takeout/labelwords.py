"""The names that Takeout gives Gmail's own labels, by language.

Those of English and French come from exports; those of the other languages are Gmail's own names on screen.
Meanings in their order, with ``;`` between them and ``|`` between words for the same.
"""

from __future__ import annotations

from collections.abc import Mapping

ORDER = (
    *("inbox", "sent", "drafts", "starred", "important", "spam", "trash", "chat", "unread", "opened", "archived"),
    *("promotions", "social", "updates", "forums", "personal"),
)

WORDS: Mapping[str, str] = {
    "en": """
        inbox; sent|sent mail; drafts|draft; starred; important; spam; trash|bin; chat|chats; unread; opened; archived;
        category promotions; category social; category updates; category forums; category personal
        """,
    "fr": """
        boîte de réception; messages envoyés; brouillons|brouillon; favoris|messages suivis|suivis;
        important|importants; spam; corbeille; chat|chats; non lus|non lu; ouvert|ouverts|lu|lus;
        messages archivés|archivé|archivés; catégorie: promotions; catégorie: réseaux sociaux;
        catégorie: notifications|catégorie: mises à jour; catégorie: forums;
        catégorie: e-mails personnels|catégorie: principale|catégorie: personnel
        """,
    "de": """
        posteingang; gesendet; entwürfe|entwurf; markiert; wichtig; spam; papierkorb; chat|chats; ungelesen; geöffnet;
        archiviert; kategorie: werbung; kategorie: soziale netzwerke|kategorie: soziale medien;
        kategorie: benachrichtigungen; kategorie: foren; kategorie: persönlich|kategorie: allgemein
        """,
    "es": """
        recibidos|bandeja de entrada; enviados; borradores|borrador; destacados; importantes|importante; spam; papelera;
        chat|chats; no leídos|no leído; abiertos|abierto|leído; archivados|archivado; categoría: promociones;
        categoría: social; categoría: notificaciones; categoría: foros; categoría: personal|categoría: principal
        """,
    "it": """
        posta in arrivo; posta inviata|inviati; bozze|bozza; speciali; importanti|importante; spam; cestino; chat;
        da leggere|non letti|non letto; aperto|aperti; archiviati|archiviato; categoria: promozioni; categoria: social;
        categoria: aggiornamenti; categoria: forum; categoria: personale|categoria: principale
        """,
    "pt": """
        caixa de entrada; enviados|enviadas|e-mails enviados; rascunhos|rascunho; com estrela|marcados com estrela;
        importantes|importante; spam; lixeira|lixo|reciclagem; chat|bate-papo|bate-papos; não lidos|não lidas|não lido;
        abertos|aberto|abertas; arquivados|arquivado|arquivadas; categoria: promoções; categoria: social;
        categoria: atualizações; categoria: fóruns; categoria: pessoal|categoria: principal
        """,
    "nl": """
        inbox|postvak in; verzonden; concepten|concept; met ster; belangrijk; spam; prullenbak; chat|chats; ongelezen;
        geopend; gearchiveerd; categorie: reclame|categorie: promoties;
        categorie: sociaal|categorie: sociale netwerken; categorie: updates; categorie: forums;
        categorie: persoonlijk|categorie: primair
        """,
}
