"""The second author's documents: other words, layouts, dresses and seeds. They judge; nothing is tuned on them."""

from __future__ import annotations

from tests.inventory.corpus.documents import Style, cut, fours, whole

STYLE = Style(
    dresses={
        "nir": (
            cut(1, 4, 8, 2),
            cut(1, 2, 2, 5, 3, 2),
            whole,
            lambda v: f"{cut(1, 2, 2, 2, 3, 3)(v[:13])} / {v[13:]}",
            cut(1, 2, 2, 2, 3, 3, 2, by="-"),
            cut(3, 2, 2, 3, 3, 2),
            lambda v: f"{v[:13]} clé {v[13:]}",
        ),
        "nirbody": (cut(1, 2, 2, 2, 3, 3), whole),
        "nif": (whole, cut(1, 3, 3, 3, 3), cut(2, 2, 3, 3, 3, by=".")),
        "siren": (cut(3, 3, 3, by="."), cut(3, 3, 3), whole),
        "siret": (cut(3, 3, 3, 5, by="."), cut(9, 5), whole, cut(3, 3, 3, 2, 3)),
        "fr_vat": (lambda v: v[:2] + " " + v[2:], whole, cut(4, 3, 3, 3)),
        "be_nn": (
            lambda v: f"{v[:6]}-{v[6:9]}-{v[9:]}",
            lambda v: f"{v[:6]} {v[6:9]}-{v[9:]}",
            whole,
            cut(2, 2, 2, 3, 2),
        ),
        "be_bis": (lambda v: f"{v[:6]}-{v[6:9]}-{v[9:]}", whole),
        "be_enterprise": (cut(4, 3, 3), whole, lambda v: f"BE-{v}", lambda v: "BE " + cut(4, 3, 3)(v)),
        "iban": (lambda v: fours(v).replace(" ", "-"), whole, fours),
        "fr_iban": (whole, fours),
        "be_iban": (whole, fours),
        "rib": (whole, cut(5, 5, 11, 2)),
        "card": (lambda v: fours(v).replace(" ", "-") if len(v) == 16 else whole(v), whole),
        "fr_phone": (
            lambda v: "0033 " + cut(1, 2, 2, 2, 2)(v[1:]),
            lambda v: f"+33 (0){cut(1, 2, 2, 2, 2)(v[1:])}",
            cut(2, 2, 2, 2, 2, by="-"),
            cut(2, 2, 2, 2, 2),
        ),
        "fr_mobile": (whole, cut(2, 2, 2, 2, 2, by="."), cut(4, 3, 3), lambda v: "+33 " + v[1:]),
        "be_mobile": (
            cut(4, 3, 3),
            lambda v: f"{v[:4]} / {v[4:6]} {v[6:8]} {v[8:]}",
            lambda v: "+32" + v[1:],
            cut(4, 6, by="/"),
        ),
        "be_landline": (
            lambda v: f"({v[:2]}) {cut(3, 2, 2)(v[2:])}",
            lambda v: f"+32 (0){v[1]} {cut(3, 2, 2)(v[2:])}",
            cut(2, 3, 2, 2),
        ),
    },
    fillers={
        "who": ("la famille Nguyen", "Monsieur PETIT", "Mevrouw Claes", "E. Lambrecht", "le petit Noé", "Mlle Ozturk"),
        "town": ("RENNES", "Roubaix", "Charleroi", "Gent", "Bruxelles", "Toulouse cedex 4"),
    },
    templates=(
        (
            "FR",
            """{=who}
assuré(e) n° {nir}
adresse : 3 bis impasse du Moulin, {=zip} {=town}
mobile {fr_mobile}    fixe {fr_phone}
mél. {email}
""",
        ),
        (
            "FR",
            """FICHE D'INSCRIPTION
NOM ET PRÉNOM
{=who}
NUMÉRO DE SÉCURITÉ SOCIALE
{nir}
N° FISCAL DE RÉFÉRENCE
{nif}
NUMÉRO ALLOCATAIRE CAF : {caf}
TÉLÉPHONE(S)
{fr_phone:3}
""",
        ),
        (
            "FR",
            """Bonsoir {=who}, je vous confirme : matricule INSEE={nir:2}; réf. avis d'impôt {nif:0}.
Merci de rembourser les {=amount} avancés le {=date} (reçu n° {=ref}) : FR bancaire ci-dessous.
RIB {rib}
IBAN: {fr_iban} - Swift {bic}
Répondez sur mon portable, {fr_mobile}, pas après {=hour}.
""",
        ),
        (
            "FR",
            """| Structure | SIRET | N° TVA | Standard |
|---|---|---|---|
| Atelier du Pont | {siret} | {fr_vat} | {fr_phone} |
| Coop Bleue | {siret:2} | {fr_vat:1} | {fr_phone:2} |
""",
        ),
        (
            "FR",
            """Procès-verbal – assemblée du {=date}. Budget : {=amount} ; vote à {=hour}.
Le fournisseur (SIREN n° {siren}) et l'imprimeur, immatriculé sous le numéro {siren:1} au RCS de {=town}, sont retenus.
Établissement secondaire : {siret}. Numéro individuel d'identification : {fr_vat}.
""",
        ),
        (
            "FR",
            """prenom,nom,num_secu,gsm,mail
Ines,Ozturk,{nir:2},{fr_mobile:0},{email}
Paul,Petit,{nir:2},{fr_mobile:1},{email}
""",
        ),
        (
            "FR",
            """>> On {=date} {=who} wrote:
>> pour la paie il me faut le n° de sécu. C'est {nir:5}.
>> Et pour le virement : {fr_iban}
>
> Reçu, le mien {nir:1}
Ok merci. Carte bleue de l'asso : {card}, à ne pas diffuser !!
""",
        ),
        (
            "BE",
            """Dossier {=ref} – {=who}
N° national : {be_nn} (RN)   INSZ-bis: {be_bis}
GSM {be_mobile} / privé {be_landline}
Numéro de compte bancaire : {be_iban}
""",
        ),
        (
            "BE",
            """Geachte,
Hierbij de gegevens van {=who}: INSZ {be_nn}, telefoon {be_mobile}, e-mail {email}.
Rekeningnummer {be_iban}. KBO-nummer {be_enterprise:0}; BTW {be_enterprise:3}.
Mededeling: +++090/9337/55493+++
""",
        ),
        (
            "BE",
            """Voornaam\tRijksregisternr.\tTelefoon\tRekeningnummer
Joris\t{be_nn:2}\t{be_mobile:0}\t{be_iban:0}
Eva\t{be_nn:0}\t{be_mobile:2}\t{be_iban:0}
Tom\t{be_bis:1}\t{be_mobile:3}\t{be_iban:1}
""",
        ),
        (
            "BE",
            """Numéro d'entreprise
{be_enterprise}
Personne de contact : {=who}, {be_landline}
Nº registre national {be_nn:1} ; carte Visa : {card}
""",
        ),
        (
            "FR",
            """copie de la pièce d'identité
{mrz}
fin de la copie. Contact : {email} ({fr_phone:1})
""",
        ),
        (
            "FR",
            """J'ai noté ses numéros à la volée : {nir:1}, {fr_mobile:1}, {fr_iban}. À vérifier avec {=who} le {=date}.
Pour l'entreprise j'ai {siret:0} seulement.
""",
        ),
        (
            "BE",
            """Vu {=who} ce matin. {be_nn:0}. Joignable {be_mobile:1}. Compte {be_iban}.
""",
        ),
        (
            "FR",
            """Objet : adhésion
numeroSecu: {nir:2}
numeroFiscal: {nif:0}
siret: "{siret:2}"
telephone: "{fr_mobile:0}"
iban: "{fr_iban:0}"
""",
        ),
    ),
)
