"""The words of the inventory's report. French first, then English."""

# ruff: noqa: E501 - sentences, one beside the other

from __future__ import annotations

from collections.abc import Mapping

INVENTORY: Mapping[str, tuple[str, str]] = {
    "inv-title": ("Inventaire des données personnelles", "Inventory of personal data"),
    "inv-subtitle-audit": (
        "{name} — éléments pour le registre et pour l'audit ; les petits effectifs sont masqués.",
        "{name} — elements for the record and for audit; small counts are withheld.",
    ),
    "inv-subtitle-controller": (
        "{name} — exemplaire du responsable de traitement ; à ne pas transmettre.",
        "{name} — the controller's copy; not to be passed on.",
    ),
    "inv-id": ("Rapport", "Report"),
    "inv-date": ("Date de référence", "Reference date"),
    "inv-tool": ("Outil et règles", "Tool and rules"),
    "inv-dpo": ("Délégué(e) à la protection des données", "Data-protection officer"),
    "inv-controller": ("Responsable de traitement", "Controller"),
    "inv-s-verdict": ("En bref", "In short"),
    "inv-s-scope": ("Périmètre et méthode", "Scope and method"),
    "inv-s-unread": ("Ce qui n'a pas été lu", "What was not read"),
    "inv-s-holdings": ("Inventaire par activité et catégorie", "Inventory by activity and category"),
    "inv-s-sensitive": ("Données sensibles et numéros nationaux", "Sensitive data and national numbers"),
    "inv-s-exposure": ("Qui peut voir quoi", "Who can see what"),
    "inv-s-retention": ("Ancienneté et durées de conservation", "Age and retention"),
    "inv-s-reconciliation": ("Rapprochement avant et après", "Reconciliation before and after"),
    "inv-s-transfers": ("Destinataires et hébergement", "Recipients and hosting"),
    "inv-s-decisions": ("Décisions à prendre", "Decisions to take"),
    "inv-s-limits": ("Limites", "Limits"),
    "inv-s-integrity": ("Intégrité de ce rapport", "Integrity of this report"),
    "inv-complete": ("Périmètre complet", "Scope complete"),
    "inv-complete-text": (
        "{listed} services de comptes sur {lanes} ont été listés jusqu'au bout : {items} éléments, {size}.",
        "{listed} of {lanes} services of accounts were listed to the end: {items} items, {size}.",
    ),
    "inv-incomplete": ("Périmètre incomplet", "Scope incomplete"),
    "inv-explained": ("Rapprochement sans écart", "Reconciliation without a gap"),
    "inv-explained-text": (
        "Chaque élément listé est dans une seule classe : aucun élément inexpliqué.",
        "Every listed item is in exactly one class: no unexplained item.",
    ),
    "inv-unexplained": ("Éléments inexpliqués", "Unexplained items"),
    "inv-unexplained-text": (
        "{count} éléments listés ne sont dans aucune classe.",
        "{count} listed items are in no class.",
    ),
    "inv-no-red": ("Aucune alerte bloquante", "No blocking alert"),
    "inv-no-red-text": (
        "« Rien trouvé » ne veut pas dire « rien n'existe » : voir ce qui n'a pas été lu.",
        "“Nothing found” does not mean “nothing exists”: see what was not read.",
    ),
    "inv-no-plan": (
        "Aucun plan ni registre de migration dans ce projet : il n'y a encore rien à rapprocher.",
        "No plan nor migration ledger in this project: there is nothing to reconcile yet.",
    ),
    "inv-scope-accounts": ("Comptes", "Accounts"),
    "inv-scope-hash": ("SHA-256 de la liste des comptes", "SHA-256 of the list of accounts"),
    "inv-scope-content": ("Contenu lu", "Content read"),
    "inv-scope-filtered": ("Partie seulement du projet", "Part of the project only"),
    "inv-scope-characters": ("Caractères lus", "Characters read"),
    "inv-method": (
        (
            "Les sources sont seulement lues. Chaque élément est ouvert dans un processus limité et sans réseau ; les "
            "identifiants sont reconnus par leur forme, leur clé de contrôle et les mots voisins. Niveau A, certain : "
            "clé, structure et libellé proche, ou preuve en soi. Niveau B, probable : l'un des signes manque. Niveau C, "
            "à vérifier : compté à part, jamais dans les totaux. Aucune valeur n'est conservée."
        ),
        (
            "Sources are only read. Each item is opened in a limited process without network; identifiers are recognised "
            "by their form, their check digits and the words nearby. Level A, certain: check digits, structure and a "
            "label nearby, or proof in itself. Level B, probable: one of the signs is missing. Level C, to be checked: "
            "counted apart, never in totals. No value is kept."
        ),
    ),
    "inv-metadata-method": (
        "Le contenu n'a pas été lu : seuls les listages (nombres, tailles, dates, partages) ont été comptés.",
        "Content was not read: only what listings tell (counts, sizes, dates, shares) was counted.",
    ),
    "inv-point": ("Point", "Point"),
    "inv-answer": ("Réponse", "Answer"),
    "inv-reach": ("Portée", "Reach"),
    "inv-service": ("Service", "Service"),
    "inv-items": ("Éléments", "Items"),
    "inv-bytes": ("Taille", "Size"),
    "inv-oldest": ("Plus ancien", "Oldest"),
    "inv-newest": ("Plus récent", "Newest"),
    "inv-read": ("Lus", "Read"),
    "inv-coverage": ("Ce qui a été listé et lu, par service", "What was listed and read, by service"),
    "inv-types": ("Types de documents", "Media types"),
    "inv-type": ("Type", "Type"),
    "inv-reason": ("Motif", "Reason"),
    "inv-whole": ("Éléments entiers", "Whole items"),
    "inv-parts": ("Éléments lus en partie", "Items read in part"),
    "inv-unread": ("Éléments non lus, par service et motif", "Items not read, by service and reason"),
    "inv-unread-text": (
        "Un fichier chiffré ou une image n'est pas « propre » : demander à la personne qui le détient.",
        "An encrypted file or an image is not “clean”: ask whoever holds it.",
    ),
    "inv-activity": ("Activité", "Activity"),
    "inv-holdings": (
        "Éléments contenant des données, par activité et catégorie (niveaux A et B)",
        "Items that hold data, by activity and category (levels A and B)",
    ),
    "inv-holdings-text": (
        (
            "Un élément compte une fois par catégorie. Les activités viennent de register.toml : à confirmer par une "
            "personne."
        ),
        "An item counts once for each category. Activities come from register.toml: to be confirmed by a person.",
    ),
    "inv-kinds": ("Éléments et valeurs distinctes, par type d'identifiant", "Items and distinct values, by identifier"),
    "inv-kind": ("Identifiant", "Identifier"),
    "inv-certain": ("Certain (A)", "Certain (A)"),
    "inv-probable": ("Probable (B)", "Probable (B)"),
    "inv-values": ("Valeurs distinctes", "Distinct values"),
    "inv-to-check": ("À vérifier (C)", "To check (C)"),
    "inv-chart-kinds": (
        "Nombre d'éléments par type d'identifiant ; les mêmes nombres sont dans le tableau qui suit",
        "Number of items by identifier; the same numbers are in the table that follows",
    ),
    "inv-own": ("Identifiants de l'organisation elle-même, comptés à part", "The organisation's own, counted apart"),
    "inv-subjects": (
        "Indices lexicaux, à vérifier : éléments par activité et sujet (articles 9 et 10 du RGPD)",
        "Lexical cues, to be checked: items by activity and subject (GDPR Articles 9 and 10)",
    ),
    "inv-subjects-text": (
        "Un mot n'est pas une donnée : ces nombres disent où regarder, jamais qui est concerné.",
        "A word is not a datum: these numbers say where to look, never who is concerned.",
    ),
    "inv-subject": ("Sujet", "Subject"),
    "inv-reach-before": ("Portée des partages à la source", "Reach of shares at the source"),
    "inv-reach-after": ("Portée des partages à la cible", "Reach of shares at the target"),
    "inv-collections-before": ("Portée des dossiers et agendas à la source", "Reach of collections at the source"),
    "inv-collections-after": ("Portée des dossiers et agendas à la cible", "Reach of collections at the target"),
    "inv-beyond": ("Données visibles hors de l'organisation", "Data that can be seen from outside"),
    "inv-domains": ("Organisations extérieures ayant accès", "Outside organisations with access"),
    "inv-domain": ("Domaine", "Domain"),
    "inv-side": ("Côté", "Side"),
    "inv-side-before": ("source", "source"),
    "inv-side-after": ("cible", "target"),
    "inv-domains-hidden": ("{count} domaines rarement rencontrés", "{count} domains seldom met"),
    "inv-writable": (
        "Modifiables hors de l'organisation : {before} éléments à la source.",
        "Can be changed from outside the organisation: {before} items at the source.",
    ),
    "inv-forwarding": (
        "Règles de renvoi et délégations : les connecteurs n'en disent rien ; à relever à la main.",
        "Forwarding rules and delegations: connectors do not tell; to be noted by hand.",
    ),
    "inv-dormant": (
        "Comptes dormants (aucun élément depuis {months} mois) : {count}.",
        "Dormant accounts (no item for {months} months): {count}.",
    ),
    "inv-orphans": (
        "Éléments sans dossier (orphelins) : {count}.",
        "Items in no folder (orphans): {count}.",
    ),
    "inv-ages": ("Ancienneté des éléments, en années", "Age of items, in years"),
    "inv-retention": ("Durées déclarées et éléments plus anciens", "Declared retention and older items"),
    "inv-months": ("Mois déclarés", "Months declared"),
    "inv-overdue": ("Au-delà", "Beyond"),
    "inv-retention-text": (
        "Rien n'est supprimé par cet outil : migrer, archiver, supprimer ou décider revient à une personne.",
        "This tool deletes nothing: to migrate, archive, delete or decide is for a person.",
    ),
    "inv-not-declared": ("non déclarée", "not declared"),
    "inv-reconciliation": (
        "Listés = migrés + exclus + non pris en charge + bloqués + en échec + en attente",
        "Listed = migrated + excluded + unsupported + blocked + failed + waiting",
    ),
    "inv-reasons": ("Pourquoi des éléments restent", "Why items stay"),
    "inv-class": ("Classe", "Class"),
    "inv-class-listed": ("Listés", "Listed"),
    "inv-class-migrated": ("Migrés", "Migrated"),
    "inv-class-excluded": ("Exclus", "Excluded"),
    "inv-class-unsupported": ("Non pris en charge", "Unsupported"),
    "inv-class-blocked": ("Bloqués", "Blocked"),
    "inv-class-failed": ("En échec", "Failed"),
    "inv-class-waiting": ("En attente", "Waiting"),
    "inv-class-vanished": ("Disparus depuis", "Vanished since"),
    "inv-class-unexplained": ("Inexpliqués", "Unexplained"),
    "inv-systems": ("Systèmes", "Systems"),
    "inv-system": ("Nom", "Name"),
    "inv-connector": ("Connecteur", "Connector"),
    "inv-side-source": ("source", "source"),
    "inv-side-target": ("cible", "target"),
    "inv-host": ("Hébergeur déclaré", "Declared host"),
    "inv-host-hds": ("Certifié HDS", "Certified HDS"),
    "inv-host-country": ("Pays", "Country"),
    "inv-host-none": ("non déclaré", "not declared"),
    "inv-transfers-text": (
        (
            "Établissement, sous-traitants ultérieurs et garanties de transfert du fournisseur de départ et de "
            "l'hébergeur d'arrivée : à compléter par le responsable de traitement."
        ),
        (
            "Establishment, sub-processors and transfer safeguards of the provider left and of the new host: to be "
            "filled in by the controller."
        ),
    ),
    "inv-register": ("Activités et ce qui a été déclaré", "Activities and what was declared"),
    "inv-purpose": ("Finalité", "Purpose"),
    "inv-basis": ("Base légale", "Legal basis"),
    "inv-persons": ("Personnes", "Persons"),
    "inv-confirmed": ("Confirmée", "Confirmed"),
    "inv-decisions": ("À décider, par qui, pour quand", "To decide, by whom, by when"),
    "inv-decision": ("Question", "Matter"),
    "inv-owner": ("Responsable", "Owner"),
    "inv-when": ("Échéance", "Date"),
    "inv-to-fill": ("à compléter", "to fill in"),
    "inv-limits-1": (
        "Les noms de personnes, les adresses postales et les photographies ne sont pas reconnus.",
        "Names of persons, postal addresses and photographs are not recognised.",
    ),
    "inv-limits-2": (
        "Les images et les documents numérisés ne sont pas lus (pas de reconnaissance de caractères).",
        "Images and scanned documents are not read (no character recognition).",
    ),
    "inv-limits-3": (
        (
            "La précision et le rappel mesurés de chaque détecteur sont dans la documentation (inventory-detectors.md) ; "
            "les totaux pris avec des règles différentes ne se comparent pas."
        ),
        (
            "The measured precision and recall of each detector are in the documentation (inventory-detectors.md); totals "
            "taken under different rules are not compared."
        ),
    ),
    "inv-limits-4": (
        (
            "Dans l'exemplaire d'audit, les nombres de 1 à {below} sont masqués, et d'autres avec eux pour qu'aucun ne "
            "puisse être recalculé ; « masqué » ne veut donc pas dire « petit »."
        ),
        (
            "In the audit copy, counts from 1 to {below} are withheld, and others with them so that none can be worked "
            "out; “withheld” therefore does not mean “small”."
        ),
    ),
    "inv-integrity-1": (
        (
            "MANIFEST.sha256 donne l'empreinte de chaque fichier : sha256sum -c MANIFEST.sha256. La signature Ed25519 et "
            "la chaîne du journal se vérifient par : transhume report verify DOSSIER."
        ),
        (
            "MANIFEST.sha256 gives the digest of each file: sha256sum -c MANIFEST.sha256. The Ed25519 signature and the "
            "journal's chain are checked by: transhume report verify DIRECTORY."
        ),
    ),
    "inv-integrity-2": (
        "Le sceau prouve que le rapport n'a pas changé, pas qu'il est juste.",
        "The seal proves that the report did not change, not that it is right.",
    ),
    "inv-integrity-3": (
        (
            "Ce sont des éléments pour le registre (article 30 du RGPD) ; les finalités, bases légales et durées sont à "
            "déclarer par le responsable de traitement."
        ),
        (
            "These are elements for the record (GDPR Article 30); purposes, legal bases and durations are for the "
            "controller to declare."
        ),
    ),
    "severity-red": ("À traiter d'abord :", "First of all:"),
    "severity-amber": ("À décider :", "To decide:"),
    "severity-blue": ("À savoir :", "To know:"),
    "severity-green": ("En ordre :", "In order:"),
    "alert-national-number": (
        "numéro national (NIR, registre national) sans finalité autorisée déclarée",
        "national number (NIR, national register) without a declared authorised purpose",
    ),
    "alert-health-host": (
        "indices de données de santé, et l'hébergeur d'arrivée n'est pas déclaré certifié HDS",
        "signs of health data, and the new host is not declared certified for it (HDS)",
    ),
    "alert-exposed-public": ("éléments publics", "public items"),
    "alert-exposed-link": ("éléments ouverts à qui a le lien", "items open to whoever has the link"),
    "alert-exposed-domain": ("éléments ouverts à tout le domaine", "items open to the whole domain"),
    "alert-exposed-outside": ("éléments partagés hors de l'organisation", "items shared outside the organisation"),
    "alert-unassigned": ("éléments sans activité dans register.toml", "items without an activity in register.toml"),
    "alert-unconfirmed": ("activité candidate, à confirmer", "candidate activity, to be confirmed"),
    "alert-no-retention": ("durée de conservation non déclarée", "retention not declared"),
    "alert-overdue": ("éléments plus anciens que la durée déclarée", "items older than the declared retention"),
    "alert-encrypted": ("documents chiffrés, non lus", "encrypted documents, not read"),
    "alert-incomplete": ("services de comptes qui n'ont pas pu être listés ou lus", "services not listed or not read"),
    "alert-metadata-only": ("contenu non lu", "content not read"),
    "alert-dormant": ("comptes dormants", "dormant accounts"),
    "service-mail": ("Courrier", "Mail"),
    "service-calendar": ("Agendas", "Calendars"),
    "service-contacts": ("Contacts", "Contacts"),
    "service-tasks": ("Tâches", "Tasks"),
    "service-files": ("Fichiers", "Files"),
    "service-*": ("Total", "Total"),
    "activity-*": ("Total", "Total"),
    "activity-unassigned": ("(sans activité)", "(no activity)"),
    "category-identity": ("État civil, identité, coordonnées", "Identity and contact"),
    "category-personal_life": ("Vie personnelle", "Personal life"),
    "category-economic": ("Informations économiques et financières", "Economic and financial"),
    "category-connection": ("Données de connexion", "Connection data"),
    "category-location": ("Données de localisation", "Location"),
    "category-national_number": ("NIR ou numéro national", "National number (NIR, BE)"),
    "category-organisation": ("Numéros d'organisations", "Numbers of organisations"),
    "category-*": ("Éléments-catégories", "Item-categories"),
    "subject-origin": ("Origine raciale ou ethnique", "Racial or ethnic origin"),
    "subject-politics": ("Opinions politiques", "Political opinions"),
    "subject-belief": ("Convictions religieuses ou philosophiques", "Religious or philosophical beliefs"),
    "subject-union": ("Appartenance syndicale", "Trade-union membership"),
    "subject-genetic": ("Données génétiques", "Genetic data"),
    "subject-biometric": ("Données biométriques", "Biometric data"),
    "subject-health": ("Santé", "Health"),
    "subject-sex_life": ("Vie sexuelle ou orientation sexuelle", "Sex life or sexual orientation"),
    "subject-offences": ("Condamnations et infractions (art. 10)", "Convictions and offences (Art. 10)"),
    "subject-*": ("Total", "Total"),
    "kind-nir": ("NIR (sécurité sociale, FR)", "NIR (French social security)"),
    "kind-nif": ("Numéro fiscal (FR)", "Tax number (FR)"),
    "kind-caf": ("Numéro d'allocataire CAF", "CAF file number"),
    "kind-rpps": ("RPPS", "RPPS"),
    "kind-finess": ("FINESS", "FINESS"),
    "kind-rna": ("RNA", "RNA"),
    "kind-siren": ("SIREN", "SIREN"),
    "kind-siret": ("SIRET", "SIRET"),
    "kind-fr_vat": ("TVA (FR)", "VAT (FR)"),
    "kind-fr_cni": ("Carte d'identité (FR)", "Identity card (FR)"),
    "kind-fr_passport": ("Passeport (FR)", "Passport (FR)"),
    "kind-fr_rib": ("RIB", "RIB"),
    "kind-be_nn": ("Registre national (BE)", "National register (BE)"),
    "kind-be_bis": ("Numéro BIS (BE)", "BIS number (BE)"),
    "kind-be_enterprise": ("Numéro d'entreprise (BE)", "Enterprise number (BE)"),
    "kind-be_eid": ("Carte d'identité (BE)", "Identity card (BE)"),
    "kind-iban": ("IBAN", "IBAN"),
    "kind-bic": ("BIC", "BIC"),
    "kind-card": ("Carte de paiement", "Payment card"),
    "kind-phone": ("Téléphone", "Telephone"),
    "kind-email": ("Adresse électronique", "E-mail address"),
    "kind-mrz": ("Zone de lecture optique", "Machine-readable zone"),
    "reach-public": ("Public", "Public"),
    "reach-link": ("Par lien", "By link"),
    "reach-domain": ("Tout le domaine", "Whole domain"),
    "reach-outside": ("Hors organisation", "Outside"),
    "reach-inside": ("Collègues", "Colleagues"),
    "reach-owner": ("Propriétaire seul", "Owner alone"),
    "reach-*": ("Total", "Total"),
    "age-<1": ("Moins d'un an", "Under 1"),
    "age-1-2": ("1 à 2", "1 to 2"),
    "age-2-5": ("2 à 5", "2 to 5"),
    "age-5-10": ("5 à 10", "5 to 10"),
    "age-10+": ("10 et plus", "10 and more"),
    "age-unknown": ("Sans date", "No date"),
    "age-*": ("Total", "Total"),
    "reason-encrypted": ("chiffré ou protégé par un mot de passe", "encrypted or behind a password"),
    "reason-image": ("image, non lue", "image, not read"),
    "reason-media": ("son ou vidéo", "sound or video"),
    "reason-oversize": ("trop gros", "too large"),
    "reason-unsupported-format": ("format non pris en charge", "unsupported format"),
    "reason-unknown-format": ("format inconnu", "unknown format"),
    "reason-broken": ("abîmé", "damaged"),
    "reason-dtd-refused": ("déclaration de type de document refusée", "document type declaration refused"),
    "reason-limit-bytes": ("limite : taille dépliée", "limit: unpacked size"),
    "reason-limit-ratio": ("limite : taux de compression", "limit: compression ratio"),
    "reason-limit-members": ("limite : nombre de parties", "limit: number of parts"),
    "reason-limit-depth": ("limite : profondeur", "limit: depth"),
    "reason-limit-text": ("limite : longueur du texte", "limit: length of text"),
    "reason-limit-time": ("limite : temps", "limit: time"),
    "reason-limit-memory": ("limite : mémoire", "limit: memory"),
    "reason-crashed": ("lecture interrompue", "reading broke off"),
    "reason-not-fetched": ("non fourni par la source", "not given by the source"),
    "reason-private-folder": (
        "dossier privé d'un membre du personnel : compté seulement",
        "private folder: counted only",
    ),
    "reason-metadata-only": ("contenu non demandé", "content not asked for"),
}
