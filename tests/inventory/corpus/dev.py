"""The first author's documents: the ones looked at while the detectors were tuned."""

from __future__ import annotations

from tests.inventory.corpus.documents import Style, cut, fours, whole

_NIR = (cut(1, 2, 2, 2, 3, 3, 2), whole, cut(13, 2), cut(1, 2, 2, 2, 3, 3, 2, by="."))

STYLE = Style(
    dresses={
        "nir": _NIR,
        "nirbody": (whole, cut(1, 2, 2, 2, 3, 3)),
        "nif": (cut(2, 2, 3, 3, 3), whole),
        "siren": (cut(3, 3, 3), whole),
        "siret": (cut(3, 3, 3, 5), whole, cut(9, 5)),
        "fr_vat": (whole, cut(2, 2, 3, 3, 3), cut(4, 9)),
        "be_nn": (lambda v: f"{v[:2]}.{v[2:4]}.{v[4:6]}-{v[6:9]}.{v[9:]}", whole, cut(6, 3, 2)),
        "be_bis": (lambda v: f"{v[:2]}.{v[2:4]}.{v[4:6]}-{v[6:9]}.{v[9:]}", whole),
        "be_enterprise": (cut(4, 3, 3, by="."), lambda v: "BE " + cut(4, 3, 3, by=".")(v), lambda v: "BE" + v),
        "iban": (fours, whole),
        "fr_iban": (fours, whole),
        "be_iban": (fours, whole),
        "rib": (cut(5, 5, 11, 2),),
        "card": (lambda v: fours(v) if len(v) == 16 else cut(4, 6, 5)(v), whole),
        "fr_phone": (cut(2, 2, 2, 2, 2), cut(2, 2, 2, 2, 2, by="."), lambda v: "+33 " + cut(1, 2, 2, 2, 2)(v[1:])),
        "fr_mobile": (cut(2, 2, 2, 2, 2), whole, lambda v: "+33" + v[1:]),
        "be_mobile": (
            lambda v: f"{v[:4]}/{v[4:6]}.{v[6:8]}.{v[8:]}",
            cut(4, 2, 2, 2),
            lambda v: "+32 " + cut(3, 2, 2, 2)(v[1:]),
        ),
        "be_landline": (lambda v: f"{v[:2]}/{v[2:5]}.{v[5:7]}.{v[7:]}", lambda v: "+32 " + cut(1, 3, 2, 2)(v[1:])),
    },
    fillers={
        "name": ("Mme Dubois", "M. Diallo", "Karim Haddad", "Sœur Agnès", "Jean-Luc Roy"),
        "city": ("Nantes", "Lille", "Namur", "Liège", "Saint-Denis"),
    },
    templates=(
        (
            "FR",
            """From: {email}
To: {email}
Subject: dossier de {=name}
Date: Tue, 3 Mar 2026 10:12:00 +0100

Bonjour,

Voici le numéro de sécurité sociale de {=name} : {nir}.
Son numéro fiscal est le {nif}, elle est née le {=date}.
On peut la joindre au {fr_mobile} ou au {fr_phone}.

Bien à vous,
--
Association Les Tilleuls
12 rue des Lilas, {=zip} {=city}
Tél. : {fr_phone} - SIRET : {siret}
""",
        ),
        (
            "FR",
            """> Le {=date}, {=name} a écrit :
> Merci de virer {=amount} sur le compte IBAN {fr_iban}, BIC : {bic}.
> N° SS : {nir}
>
Bien reçu, ma CB est {card} (exp 04/28).
""",
        ),
        (
            "FR",
            """COMPTE RENDU DE LA RÉUNION DU {=date}
Présents : {=name}, {=name} ; excusé : {=name}
1. Fournisseurs : la société Bois & Co, RCS {=city} {siren}, TVA intracommunautaire {fr_vat}.
2. Facture n° {=ref} de {=amount}, réglée le {=date}.
3. Salariés : NIR {nir:0} pour {=name} ; NIR {nir:1} pour {=name}.
""",
        ),
        (
            "FR",
            """Nom\tPrénom\tN° Sécu\tTéléphone\tCourriel\tIBAN
Dubois\tMarie\t{nir:1}\t{fr_mobile}\t{email}\t{fr_iban:1}
Diallo\tFatou\t{nir:0}\t{fr_phone:0}\t{email}\t{fr_iban}
Roy\tLuc\t{nir:1}\t{fr_mobile:1}\t{email}\t{fr_iban:1}
""",
        ),
        (
            "BE",
            """Beste,

Het rijksregisternummer van {=name} is {be_nn}. Gsm: {be_mobile}.
Rekening: {be_iban}
Ondernemingsnummer: {be_enterprise:0}

Met vriendelijke groeten
""",
        ),
        (
            "BE",
            """Nom;NISS;GSM;Compte
Peeters;{be_nn};{be_mobile:1};{be_iban}
Haddad;{be_nn:0};{be_mobile:0};{be_iban}
Lambert;{be_bis};{be_mobile:2};{be_iban:1}
""",
        ),
        (
            "BE",
            """ASBL Le Parc – BCE {be_enterprise} – RPM {=city}
Tél : {be_landline} – {email}
Numéro de registre national du bénéficiaire : {be_nn}
Numéro BIS : {be_bis}
TVA : {be_enterprise}
""",
        ),
        (
            "FR",
            """BEGIN:VCARD
VERSION:3.0
FN:{=name}
TEL;TYPE=CELL:{fr_mobile}
EMAIL:{email}
NOTE:allocataire CAF {caf}
END:VCARD
""",
        ),
        (
            "FR",
            """BEGIN:VEVENT
SUMMARY:Rendez-vous {=name}
DESCRIPTION:Apporter la carte vitale ({nir:0})\\, tél {fr_mobile:0}
DTSTART:20260312T090000Z
END:VEVENT
""",
        ),
        (
            "FR",
            """Scan passeport :
{mrz}
Relevé d'identité bancaire : {rib}
""",
        ),
        (
            "FR",
            """J'ai vu {=name} hier, {nir:0}, on rappelle au {fr_phone:0}. Le {siret:0} est celui du siège.
Pour {=name} : {nir:1}. Fiscal : {nif}. Dossier {=ref}.
""",
        ),
        (
            "BE",
            """{=name} ({be_nn:0}) a déménagé. Appeler le {be_mobile:0}. Son compte : {be_iban}.
Carte de banque Bancontact {card}.
""",
        ),
    ),
)
