"""What headers call the canonical fields, in English, Spanish, Polish, German and French.

Used to draft contracts and to say which new column a missing one probably became. Guesses only: a contract decides.

What does not belong here: values (``drafting.py`` looks at them).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from anyascii import anyascii

FIELD_WORDS: Mapping[str, str] = {
    "first_name": """first firstname givenname given forename fname vorname rufname nombre nombres primernombre prenom
        prenoms imie imiona""",
    "middle_name": """middle middlename mname middleinitial mi secondname segundonombre zweitername zweitervorname
        drugieimie deuxiemeprenom""",
    "last_name": """last lastname surname familyname family lname nachname familienname zuname apellido apellidos
        primerapellido nom nomdefamille nazwisko""",
    "full_name": """name fullname displayname personname completename firstandlastname attendee attendeename
        vollername vollstaendigername vollstandigername nombrecompleto nombreyapellidos nomcomplet nometprenom nomprenom imieinazwisko""",
    "name_suffix": "suffix namesuffix generation namenszusatz sufijo",
    "sex": "sex gender geschlecht sexo genero sexe genre plec",
    "email": """email mail emailaddress mailaddress emailid emailadresse mailadresse eaddress login correo correoelectronico
        direcciondecorreo adresseemail adressemail courriel adresemail adresmail poczta""",
    "phone": """phone mobile cell telephone phonenumber mobilenumber mobilephone cellphone telephonenumber landline tel
        contactnumber msisdn telefon telefonnummer telefonnr handy handynummer mobiltelefon mobilnummer rufnummer festnetz
        telefono movil celular telefonofijo telefonomovil numerodetelefono telefonkomorkowy komorka numertelefonu
        nrtelefonu portable numerodetelephone telephoneportable telephonemobile""",
    "date_of_birth": """dateofbirth dob birthdate birthday birth born bday geburtsdatum geburtstag gebdatum gebdat
        fechadenacimiento fechanacimiento nacimiento fnacimiento datedenaissance datenaissance naissance dataurodzenia
        urodzony""",
    "street": """street street1 streetaddress streetname streetline address address1 addressline addressline1 line1
        strasse str strassehausnummer strasseundhausnummer anschrift adresse adresse1 calle direccion domicilio rue voie
        ulica adres adres1""",
    "city": """city town locality suburb cityname ort stadt wohnort ciudad poblacion localidad municipio ville commune
        miasto miejscowosc""",
    "region": """region state province county stateprovince stateregion stateorprovince bundesland estado provincia
        comunidad comunidadautonoma departement wojewodztwo""",
    "postcode": """postcode postalcode zip zipcode zippostcode zippostalcode postal eircode plz postleitzahl codigopostal
        cp cpostal codepostal kodpocztowy kod""",
    "country": "country countrycode countryname nation land staat pais pays kraj",
    "company": """company companyname organisation organization organisationname organizationname employer account
        accountname firm business org firma firmenname unternehmen arbeitgeber empresa compania entreprise societe
        raisonsociale nazwafirmy pracodawca""",
    "job_title": """jobtitle job position occupation jobrole profession beruf stelle funktion tatigkeit puesto cargo profesion
        poste fonction stanowisko zawod""",
    "activity": "activity event eventtype eventname activitytype action aktion aktivitaet aktivitat actividad evenement zdarzenie",
    "activity_subject": "activitysubject page pageurl url pagetitle webinar webinarname session document campaign content",
    "consent": "consent optin optedin consentstatus subscriptionstatus einwilligung consentimiento consentement zgoda",
    "purpose": "purpose consentpurpose zweck finalidad finalite cel",
    "channel": "channel consentchannel kanal canal kanalkontaktu",
    "wording": "wording consenttext consentwording consentversion",
    "lawful_basis": "lawfulbasis legalbasis rechtsgrundlage baselegal basejuridica baselegale podstawaprawna",
    "jurisdiction": "jurisdiction consentcountry consentjurisdiction",
    "collection_method": "collectionmethod placeofcollection consentsource consentmethod erhebungsart metododerecogida",
    "validity_duration": "validityduration consentvaliduntil consentexpires consentexpiry consentexpiresat einwilligungbis",
    "double_opt_in": "doubleoptin doi doubleoptinstatus doubleoptinconfirmed doubleoptinconfirmedat confirmedoptin",
    "indicated_by": "indicatedby consentgivenby consentby einwilligungdurch",
    "corrected_source": "correctedsource sourcesystem recordsource",
    "corrected_key": "correctedkey recordkey correctedrecord",
    "corrected_field": "correctedfield fieldname field",
    "corrected_value": "correctedvalue newvalue correctvalue",
    "correction": "correction correctiontype",
}
"""Canonical field to what headers call it: ASCII, lower case, letters and digits only."""

OBSERVED_AT_WORDS = """updatedat updated lastupdated lastupdate updatedon updatedate modifiedat modified lastmodified
    lastmodifieddate modifieddate modifiedon changedat lastchanged timestamp ts eventtime eventtimestamp eventdate
    occurredat happenedat observedat datetime joinedat attendedat registeredat signedupat signupdate optindate createdat
    created createdon createddate creationdate date time when aktualisiertam aktualisiert geaendertam geaendert
    geandertam geandert erstelltam erstellt datum fechaactualizacion fechamodificacion actualizado modificado fechaalta fecha datemodification
    datemaj misajour modifiele datecreation datamodyfikacji zmieniono dataaktualizacji utworzono data""".split()  # noqa: SIM905
"""What headers call the moment at which a row was true, best first."""

KEY_WORDS = """id key uuid guid rowid recordid contactid customerid personid userid clientid leadid memberid accountid
    subscriberid eventid ticketid attendeeid externalid kundennummer kundennr kundenid nummer nr idcliente codigocliente
    idclient numeroclient idklienta numerklienta""".split()  # noqa: SIM905
"""What headers call the key of a row, best first."""

IDENTIFIER_WORDS: Mapping[str, str] = {
    "loyalty_id": "loyaltyid loyaltyno loyaltynumber loyaltycard loyalty kundenkarte tarjetacliente cartefidelite",
    "cookie_id": "cookieid cookie visitorid anonymousid clientcookie gaclientid deviceid",
    "national_id": "ssn socialsecuritynumber socsecid nationalid nin nif dni nie pesel steuerid nationalinsurancenumber",
    "member_id": "memberno membernumber membershipid membershipnumber mitgliedsnummer",
    "customer_number": "customernumber customerno kundennummer numerodecliente numeroclient numerklienta",
}
"""Exact keys that systems share, by the name a contract would give them."""

QUALIFIERS = frozenset(
    """customer contact person people client user member lead attendee subscriber registrant buyer billing shipping
    delivery mailing home work business office private personal primary main secondary alternate alternative other
    previous former old current default delivered visitor kunde kunden kontakt cliente contacto klient klienta
    1 2 3 one two""".split()  # noqa: SIM905
)
"""Words around a field's own that do not change which field it is."""

_FIELD_OF_WORD = {word: field for field, words in FIELD_WORDS.items() for word in words.split()}
_IDENTIFIER_OF_WORD = {word: name for name, words in IDENTIFIER_WORDS.items() for word in words.split()}


def header_parts(header: str) -> list[str]:
    """A header's words: ASCII, lower case; ``MailingPostalCode`` is mailing, postal, code."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", anyascii(header))
    return re.findall(r"[a-z]+|\d+", spaced.lower())


def field_of(header: str) -> str | None:
    """The canonical field that a header probably names; None when it says nothing known."""
    return _looked_up(header, _FIELD_OF_WORD)


def identifier_of(header: str) -> str | None:
    """The identifier that a header probably names."""
    return _looked_up(header, _IDENTIFIER_OF_WORD)


def rank_of(header: str, words: list[str]) -> int | None:
    """How early ``words`` names the header; None when it does not."""
    parts = header_parts(header)
    for candidate in ("".join(parts), "".join(_unqualified(parts))):
        if candidate in words:
            return words.index(candidate)
    return None


def is_similar(one: str, other: str) -> bool:
    """Whether two headers differ only in capitals, spaces and marks, or name one field in different words."""
    same = "".join(header_parts(one)) == "".join(header_parts(other))
    return same or (field_of(one) is not None and field_of(one) == field_of(other))


def _looked_up(header: str, known: Mapping[str, str]) -> str | None:
    parts = header_parts(header.rsplit(".", 1)[-1]) or header_parts(header)
    whole = header_parts(header)
    for candidate in ("".join(whole), "".join(parts), "".join(_unqualified(parts)), "".join(_unqualified(whole))):
        if candidate in known:
            return known[candidate]
    return None


def core_of(header: str) -> str:
    """A header's words without those that only say whose or which one it is: ``PreviousStreet`` is street."""
    return "".join(_unqualified(header_parts(header)))


def is_numbered(header: str) -> bool:
    """Whether only a number tells the header from another: ``address_2`` is the second line of one address."""
    parts = header_parts(header)
    return bool(parts) and all(part.isdecimal() for part in parts if part in QUALIFIERS) and parts[-1] != "1"


def _unqualified(parts: list[str]) -> list[str]:
    return [part for part in parts if part not in QUALIFIERS]
