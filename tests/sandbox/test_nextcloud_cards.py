"""Cards in the version a client asks for: what a Nextcloud 32 answered to the same cards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mappings.vcard_normal import normal_form
from migrate.sandbox.nextcloud import NextcloudStandIn
from migrate.sandbox.nextcloud.vcard_versions import convert, wanted_version
from tests.mappings.test_vcard import AS_4_BY_A_SERVER, VERSION_3
from tests.sandbox.nextcloud_client import USERS, Client

VERSION_4 = r"""BEGIN:VCARD
VERSION:4.0
UID:carte-2@tilleuls.example
FN:Élodie Exemple
N:Exemple;Élodie;;;
item1.EMAIL;PREF=1;TYPE=home:e@example.org
item1.X-ABLABEL:Perso
EMAIL;PREF=2;TYPE="home,work":f@example.org
TEL;VALUE=uri;TYPE=cell:tel:+32470000000
BDAY:--0403
ANNIVERSARY:20100501
KIND:individual
CATEGORIES:Amis,Famille\, proches
PHOTO:data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=
RELATED;VALUE=text;TYPE=spouse:Jean
NOTE:a\nb\, c
END:VCARD
""".replace("\n", "\r\n").encode()
AS_3_BY_A_SERVER = r"""BEGIN:VCARD
VERSION:3.0
PRODID:-//Sabre//Sabre VObject 4.5.6//EN
UID:carte-2@tilleuls.example
FN:Élodie Exemple
N:Exemple;Élodie;;;
ITEM1.EMAIL;TYPE=PREF,home:e@example.org
EMAIL;TYPE="home,work":f@example.org
ITEM1.X-ABLABEL:Perso
ITEM2.X-ABLABEL:_$!<Anniversary>!$_
TEL;TYPE=cell;VALUE=URI:tel:+32470000000
BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-03
ITEM2.X-ABDATE;VALUE=DATE-AND-OR-TIME:20100501
X-ANNIVERSARY;VALUE=DATE-AND-OR-TIME:20100501
CATEGORIES:Amis,Famille\, proches
PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC
 0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=
RELATED;TYPE=spouse;VALUE=TEXT:Jean
NOTE:a\nb\, c
END:VCARD
""".encode()
MULTIGET = (
    '<a:addressbook-multiget xmlns:d="DAV:" xmlns:a="urn:ietf:params:xml:ns:carddav"><d:prop><d:getetag/>'
    "<a:address-data{}/></d:prop><d:href>{}</d:href></a:addressbook-multiget>"
)
ADDRESS_DATA = "{urn:ietf:params:xml:ns:carddav}address-data"


@pytest.fixture
def anne(tmp_path: Path) -> Iterator[Client]:
    with NextcloudStandIn(USERS, tmp_path) as server, Client(server) as client:
        yield client


def test_version_3_loses_what_the_original_loses() -> None:
    made = convert(VERSION_4, "3.0")
    assert normal_form(made) == normal_form(AS_3_BY_A_SERVER)
    assert normal_form(made) != normal_form(VERSION_4), "a second preference and a kind are gone"


def test_version_4_is_what_the_original_makes() -> None:
    made = convert(VERSION_3, "4.0")
    assert normal_form(made) == normal_form(AS_4_BY_A_SERVER)
    assert all(name not in made for name in (b"\nLABEL", b"\nCLASS", b"ENCODING", b"1604"))


@pytest.mark.parametrize("line", [b"KIND:group", b"MEMBER:urn:uuid:1", b"ANNIVERSARY:20100501"])
def test_there_and_back(line: bytes) -> None:
    body = b"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:x\r\nFN:x\r\n%b\r\nEND:VCARD\r\n" % line
    assert line.partition(b":")[2] in convert(convert(body, "3.0"), "4.0").replace(b"GROUP", b"group")


@pytest.mark.parametrize("body", [VERSION_3, VERSION_4])
def test_its_own_version_is_left_as_it_is(body: bytes) -> None:
    assert convert(body, "3.0" if body is VERSION_3 else "4.0") == body


@pytest.mark.parametrize(
    ("accept", "version"),
    [("", "3.0"), ("*/*", "3.0"), ("text/vcard", "3.0"), ("text/vcard; version=4.0", "4.0"), ("text/x-vcard", "3.0")],
)
def test_what_is_asked_for(accept: str, version: str) -> None:
    assert wanted_version(accept) == version


def test_get_and_multiget_answer_in_version_3_unless_asked(anne: Client) -> None:
    path = f"{anne.books}/contacts/a.vcf"
    assert anne("PUT", path, VERSION_4).status_code == 201
    assert anne("GET", path, Accept="text/vcard; version=4.0").content == VERSION_4
    plain = anne("GET", path)
    assert (plain.headers["Content-Type"], plain.headers["Content-Length"]) == (
        "text/vcard; charset=utf-8",
        str(len(plain.content)),
    )
    assert normal_form(plain.content) == normal_form(AS_3_BY_A_SERVER)
    for attributes, wanted in ("", AS_3_BY_A_SERVER), (' content-type="text/vcard" version="4.0"', VERSION_4):
        reply = anne("REPORT", f"{anne.books}/contacts/", MULTIGET.format(attributes, path).encode(), Depth="1")
        (data,) = ET.fromstring(reply.content).iter(ADDRESS_DATA)
        assert "\r\n" in (data.text or "")
        assert normal_form((data.text or "").encode()) == normal_form(wanted)
