"""What headers call the canonical fields, in English, Spanish, Polish, German and French.

Lists only: ASCII, lower case, letters and digits, without spaces. ``header_meaning.py`` reads headers by them.

What does not belong here: values (``column_guesses.py``).
"""

from __future__ import annotations

from collections.abc import Mapping

FIELD_WORDS: Mapping[str, str] = {
    "first_name": """first firstname givenname given forename fname vorname rufname nombre nombres primernombre prenom
        prenoms imie imiona givennames forenames primeiro primeironome voornaam fornavn fornamn imiepierwsze
        firstnames fstnam frstnam firstnm fnam firstnam fn""",
    "middle_name": """middle middlename mname middleinitial mi secondname segundonombre zweitername zweitervorname
        drugieimie deuxiemeprenom additionalname additionalnames middlenames middleinitials tussenvoegsel""",
    "last_name": """last lastname surname familyname family lname nachname familienname zuname apellido apellidos
        primerapellido nom nomdefamille nazwisko lastnames familynames primerosapellidos segundoapellido achternaam
        efternavn efternamn cognome sobrenome apelido naissancenom nomfamille lstnam lastnm lnam lastnam surnam ln""",
    "full_name": """name fullname displayname personname completename firstandlastname attendee attendeename
        vollername vollstaendigername vollstandigername nombrecompleto nombreyapellidos nomcomplet nometprenom
        nomprenom imieinazwisko wholename fullnames customername clientname contactname patientname donorname
        membername subscribername registrantname contributorname participantname nameoriginalname usernameoriginalname voornaamachternaam
        kundenname vornamenachname nachnamevorname vornameundnachname vorundnachname nombrecliente nombredelcliente
        nomclient nomduclient klient imienazwisko nazwiskoimie naam nome requester nazwaklienta guestname studentname pupilname passengername tenantname""",
    "name_suffix": "suffix namesuffix generation namenszusatz sufijo suffixname suffixe",
    "sex": """sex gender geschlecht sexo genero sexe genre plec gendercode sexcode sexgender gendersex
        administrativesex birthsex sexatbirth geslacht sesso""",
    "email": """email mail emailaddress mailaddress emailid emailadresse mailadresse eaddress login correo
        correoelectronico direcciondecorreo adresseemail adressemail courriel adresemail adresmail poczta emails
        emailaddresses emailaddr emailadr mailadr epost epostadresse epostadress indirizzoemail emailcontacto
        ecorreo""",
    "phone": """phone mobile cell telephone phonenumber mobilenumber mobilephone cellphone telephonenumber landline
        tel contactnumber msisdn telefon telefonnummer telefonnr handy handynummer mobiltelefon mobilnummer rufnummer
        festnetz telefono movil celular telefonofijo telefonomovil numerodetelefono telefonkomorkowy komorka
        numertelefonu nrtelefonu portable numerodetelephone telephoneportable telephonemobile phones phonenumbers
        cellphonenumber mobilephonenumber mobilenumbers telephones cellular mobileno phoneno telno phonenr telnr
        telnumber telephoneno telefonnumer telefoonnummer telefoon mobiel numerotelefono numeromovil numerotelephone
        cellnumber cellno telefonprivat telefonstacjonarny telefonmobil""",
    "date_of_birth": """dateofbirth dob birthdate birthday birth born bday geburtsdatum geburtstag gebdatum gebdat
        fechadenacimiento fechanacimiento nacimiento fnacimiento datedenaissance datenaissance naissance dataurodzenia
        urodzony birthdt datebirth dateofbirthday geboortedatum geburtsdat gebtag fecnac fecnacimiento fechanac
        datanascimento datadinascita nedatele fodselsdato datenaiss ddn dataur brthdt birthdat""",
    "street": """street street1 streetaddress streetname streetline address address1 addressline addressline1 line1
        strasse str strassehausnummer strasseundhausnummer anschrift adresse adresse1 calle direccion domicilio rue
        voie ulica adres adres1 streetnameandnumber streetandnumber streetaddress1 strasseundnr strassenr
        strasseundnummer strasseunr strassehnr adressezeile adresszeile ligneadresse calleynumero nombredelavia
        nombrevia nomdelavoie nomvoie libellevoie ulicainumer ulicainrdomu ulicainumerdomu ulicanrdomu ulicainr via indirizzo straat straatnaam endereco rua
        gatuadress adressligne fulladdress addressfull completeaddress entireaddress postaladdress
       """,
    "city": """city town locality suburb cityname ort stadt wohnort ciudad poblacion localidad municipio ville commune
        miasto miejscowosc suburbtown towncity citytown municipality citylocality localite comune citta plaats
        woonplaats cidade postort miastowies citynm""",
    "region": """region state province county stateprovince stateregion stateorprovince bundesland estado provincia
        comunidad comunidadautonoma departement wojewodztwo stateprovinceregion regionstate stateregionprovince
        provincestate stateprovincecode regionprovince provinceorstate statecode provincecode regioncode statename
       """,
    "postcode": """postcode postalcode zip zipcode zippostcode zippostalcode postal eircode plz postleitzahl
        codigopostal cp cpostal codepostal kodpocztowy kod postalzip postalzipcode zippostal zip5 zipcode5
        ziporpostalcode postcodezip kodpoczt codpostal codpost postnummer postnr zipcd zipcde zipcod""",
    "country": """country countrycode countryname nation land staat pais pays kraj countryregion countryregionname
        countryorregion countryid countryiso countrycodeiso iso2 isocountry isocountrycode isocode landcode landkode
        panstwo paese""",
    "company": """company companyname organisation organization organisationname organizationname employer account
        accountname firm business org firma firmenname unternehmen arbeitgeber empresa compania entreprise societe
        raisonsociale nazwafirmy pracodawca businessname organisationcompany companyorganization orgname
        nameoforganization currentemployer employername currentcompany workplace companyororganisation
        organizationcompany companyorganisation kundenfirma nombreempresa nombredelaempresa razonsocial nomentreprise
        nomsociete nomdelasociete firmanazwa bedrijf bedrijfsnaam azienda ragionesociale zaklad""",
    "job_title": """jobtitle job position occupation jobrole profession beruf stelle funktion tatigkeit puesto cargo
        profesion poste fonction stanowisko zawod positiontitle roletitle titleposition organizationtitle
        currentposition professionaltitle stanowiskopracy berufsbezeichnung""",
    "activity": "activity event eventtype eventname activitytype action aktion aktivitaet aktivitat actividad evenement zdarzenie",
    "activity_subject": """activitysubject page pageurl pagelocation currenturl url pagetitle webinar webinarname session document campaign content
        actionurl pageuri pagepath webinartitle webinartopic eventtitle nombredelevento nomdelevenement veranstaltung""",
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

OBSERVED_AT_WORDS = """updatedat updated lastupdated lastupdate updatedon updatedate modifiedat modified lastmodified lastmodifieddate
    modifieddate modifiedon systemmodstamp datemodified dateupdated datelastupdated datelastmodified updatetime
    modificationdate modifiedtime lastchangedate lastmodifieddatetime changedat lastchanged timestamp ts
    eventtime eventtimestamp eventdate occurredat happenedat observedat datetime joinedat attendedat
    registeredat signedupat signupdate optindate createdat created createdon createddate creationdate date time
    when aktualisiertam aktualisiert geaendertam geaendert geandertam geandert erstelltam erstellt datum
    fechaactualizacion fechamodificacion actualizado modificado fechaalta fecha datemodification datemaj
    misajour modifiele datecreation datamodyfikacji zmieniono dataaktualizacji utworzono data dateadded
    datecreated dateentered addedon addedat addtime addedtime createtime createdtime creationtime accountcreated
    profilecreatedon customersince membersince datejoined joined joinedon appliedat appliedon dateapplied firstjoin submittedat submitdate submissiondate submissiontime servertime
    servertimestamp sessiondate jointime firstjointime registrationtime registrationdate registeredon
    registrationdatetime registrationdateandtime orderdate dateordered orderedat purchasedate paidat paymentdate
    donationdate contributiondate receiptdate receiveddate confirmtime optintime signupdatetime subscriptiondate
    subscribedat datesubscribed angelegtam registriertam bestelldatum fechapedido fecharegistro fechacreacion
    fechadealta fechadecreacion fechadepedido dateinscription datedinscription datecommande datedecommande
    inscritle creele datarejestracji datautworzenia datazamowienia openedat openedon occurredon at""".split()  # noqa: SIM905
"""What headers call the moment at which a row was true, best first."""

KEY_WORDS = """id key uuid guid rowid recordid contactid customerid personid userid clientid leadid memberid accountid
    subscriberid eventid ticketid attendeeid externalid kundennummer kundennr kundenid nummer nr idcliente codigocliente
    idclient numeroclient idklienta numerklienta leid euid attendeenumber ticketnumber recid recordnumber recordkey rowkey rowno rownumber uniqueid
    profileid useruuid personuuid patientid patientnumber mrn voterid donorid supporterid studentid employeeid
    participantid registrantid respondentid responseid submissionid transactionid orderid identifiant
    identificador identyfikator kundenkonto""".split()  # noqa: SIM905
"""What headers call the key of a row, best first."""

SHARED_KEYS = "accountid nr nummer number no clientid groupid householdid familyid".split()  # noqa: SIM905
"""Of these, what several people may have."""

PERSONS_KEYS = """contactid customerid personid userid clientid leadid memberid accountid subscriberid kundennummer kundennr
    kundenid idcliente codigocliente idclient numeroclient idklienta numerklienta profileid useruuid personuuid
    patientid patientnumber mrn voterid donorid supporterid studentid employeeid externalid""".split()  # noqa: SIM905
"""Of these, what is a person's: many events may have it."""

NO_KEYS = frozenset(
    """amount price total sum value cost revenue lat latitude lon lng longitude ip hash checksum date time timestamp
    duration score count counts quantity age visits sessions spend spent rating points balance credit url note notes comment description card last phone mobile fax tel telephone""".split()  # noqa: SIM905
)
"""Words of columns whose values differ without identifying a row."""

IDENTIFIER_WORDS: Mapping[str, str] = {
    "loyalty_id": """loyaltyid loyaltyno loyaltynumber loyaltycard loyalty loyaltycardnumber kundenkarte
        kundenkartennummer tarjetacliente tarjetafidelidad cartefidelite cartedefidelite kartastalegoklienta""",
    "cookie_id": """cookieid cookie visitorid anonymousid clientcookie gaclientid deviceid userpseudoid pseudoid
        idvisitor visitoruuid""",
    "ssn": "ssn socialsecurity socialsecuritynumber socsecid socsec socsecnumber socialsecuritynum ssnpatient",
    "national_id": """nationalid nationalidentity nationalidentitynumber nationalidentifier nin nif dni nie dninif nifdni
        pesel steuerid nationalinsurance nationalinsurancenumber personnummer burgerservicenummer bsn dninie niedni""",
    "passport_number": "passport passportnumber passportid passnummer reisepassnummer numeropasaporte pasaporte numeropaszportu",
    "drivers_license": """driverslicense driverslicence driverlicense driverlicence drivinglicence drivinglicense
        driverslicensenumber driverslicencenumber fuhrerscheinnummer dlnumber permisdeconduire""",
    "health_id": "nhsnumber medicarenumber healthcardnumber healthinsurancenumber",
    "member_id": "memberno membernumber membershipid membershipnumber mitgliedsnummer",
    "customer_number": """customernumber customerno kundennummer numerodecliente numeroclient numerklienta kundennr
        customeraccountnumber""",
}
"""Exact keys that systems share, by the name a contract would give them."""

QUALIFIERS = frozenset(
    """customer contact person people client user member lead attendee subscriber registrant buyer billing shipping
    delivery mailing home work business office private personal primary main secondary alternate alternative other
    previous former old current default delivered visitor kunde kunden kontakt cliente contacto klient klienta
    patient donor participant invitee voter voters supporter applicant respondent recipient caller student pupil guest requester employee passenger traveler traveller tenant insured policyholder candidate cust
    rechnung rechnungs rechnungsadresse liefer lieferadresse lieferung ship bill facturacion envio entrega facturation
    livraison fakturowy fakturowa dostawa dostawy wysylki
    1 2 3 one two""".split()  # noqa: SIM905
)
"""Words around a field's own that do not change which field it is."""

ADDRESS_QUALIFIERS = frozenset(
    """address addresses addr adr adresse adresses anschrift direccion adres card mail residential residence residences
    res permanent legal registered physical invoice principal to korrespondencji zamieszkania""".split()  # noqa: SIM905
)
"""Words that say only whose or which one it is where the rest is a part of an address."""

SAME_AS_NONE = frozenset(
    """customer contact person people client user member lead attendee subscriber registrant buyer primary main current
    default delivered visitor kunde kunden kontakt cliente contacto klient klienta patient donor participant invitee
    voter voters supporter applicant respondent caller student pupil guest requester employee passenger traveler traveller tenant insured policyholder candidate cust 1 one principal
    address addresses addr adr adresse adresses anschrift direccion adres""".split()  # noqa: SIM905
)
"""Qualifiers that tell no address from the plain one."""

LESSER = frozenset(
    "previous former old secondary alternate alternative other 2 3 two".split()  # noqa: SIM905
)
"""Qualifiers of a value that is not the current or the main one."""

PLACES = frozenset("home work business office delivered private".split())  # noqa: SIM905
"""Qualifiers that say where: a home has a phone and an address, but an ``Office Name`` is no person's."""

STREET_PARTS: Mapping[str, str] = {
    "number": """housenumber houseno housenum housenbr housenr streetnumber streetno streetnum streetnbr streetid
        streetnr buildingnumber hausnummer hausnr hnr nrdomu numerdomu nrbudynku numerbudynku numerodecalle
        numerocalle numeroexterior numeroportal numerovoie numerodevoie numerodelavoie numerorue numerodelarue
        huisnummer huisnr numerocivico civico""",
    "unit": """aptsuite aptunit apartment apartmentnumber apartmentno apt aptnumber aptno unitnumber unitno unitnum suitenumber
        flatnumber flatno doornumber nrlokalu numerlokalu nrmieszkania numermieszkania numerointerior piso puerta
        escalera planta wohnung wohnungsnummer appartement etage huisnummertoevoeging""",
    "type": "streettype streetsuffix streettypecode tipodevia tipovia typedevoie typevoie",
    "direction": "streetdirection streetdir streetdirectionprefix streetdirectionsuffix predir postdir predirection postdirection",
    "line": """extendedaddress addressextended addressextendedaddress addresssupplement adresszusatz
        adressenzusatz complementadresse complementdadresse complementodireccion masdireccion""",
}
"""Parts of a street that have columns of their own, beside the street's name."""

STREET_PARTS_BESIDE_A_STREET: Mapping[str, str] = {
    "number": "number num numero nr no house hausnummerzusatz",
    "unit": "unit flat suite floor door lokal mieszkanie",
}
"""Words that are parts of a street only where one stands next to them."""

BIRTH_PARTS: Mapping[str, str] = {
    "year": """birthyear yearofbirth yob byear by birthyyyy dobyear dobyyyy dobyr dateofbirthyear birthdateyear geburtsjahr
        anonacimiento anodenacimiento anneenaissance anneedenaissance rokurodzenia""",
    "month": """birthmonth monthofbirth mob bmonth bm birthmm birthmon dobmonth dobmm dobmo dobmon dateofbirthmonth birthdatemonth geburtsmonat
        mesnacimiento mesdenacimiento moisnaissance moisdenaissance miesiacurodzenia""",
    "day": """birthday geburtstag dayofbirth bday bd birthdd dobday dobdd dobdy dateofbirthday birthdateday geburtstagtag
        dianacimiento diadenacimiento journaissance jourdenaissance dzienurodzenia""",
}
"""Columns of a day of birth in parts; taken only all three together."""

PLAIN_DAY_PARTS: Mapping[str, str] = {
    "year": "year yyyy jahr jjjj ano anio annee aaaa rok rrrr",
    "month": "month mm monat mes mois miesiac",
    "day": "day dd tag tt dia jour jj dzien",
}
"""Columns of a day in parts that do not say which day; of birth only where their values tell."""

JUST_A_DAY = frozenset({"date", "datum", "fecha", "data"})
"""Headers that say that their values are days, and nothing more."""

SHORT_FOR_POSTCODE = frozenset({"pc", "pcode"})
"""Words of a postcode, but of other things, too: taken beside a place, where the values are like postcodes."""

WORDS_THAT_ASK_VALUES: Mapping[str, str] = {"title": "job_title", "areacode": "postcode", "area": "city"}
"""Words of several meanings, and the one that the values must bear out."""

NOT_A_FIELD = frozenset(
    "username loginname screenname homepage officename".split()  # noqa: SIM905
)
"""Words that only look like a field with a qualifier."""

OF_SOMEBODY_ELSE = frozenset(
    """owner manager assistant agent host organizer organiser rep representative salesperson assignee assigned creator
    by author sender spouse partner parent mother father guardian emergency kin referrer referred supervisor
    beneficiary trustee company organization organisation employer account vendor supplier merchant seller
    recruiter advisor adviser consultant coach physician doctor provider teacher instructor coordinator
    caseworker opiekun opiekuna handlowiec betreuer sachbearbeiter bearbeiter vertreter comercial gestor
    vendedor responsable commercial conseiller vendeur asst mgr fax to cc bcc reply""".split()  # noqa: SIM905
)
"""Words of people and firms that are not the person of the row: an e-mail of the owner of a contact would join all of his
contacts."""

OF_SOMETHING = frozenset(
    """campaign traffic source product item list segment device browser os app store website file group tag event page
    webinar session team plan bank geo ip""".split()  # noqa: SIM905
)
"""Words of things that have a name and a place of their own: ``campaign.name``, ``geo.city``."""

FIRMS = frozenset("company organization organisation employer account vendor supplier merchant seller".split())  # noqa: SIM905
PERSON_GROUPS = frozenset("user customer contact person subscriber member attendee lead client".split())  # noqa: SIM905
"""Groups of nested data: a firm, or a thing, has a user of its own (``account.user.email``); an owner is a user himself."""

OF_SOMETHING_ELSE = OF_SOMEBODY_ELSE | OF_SOMETHING

NEITHER_MAIL_NOR_PHONE = frozenset(
    """id ids uuid guid key number num no nr code ssn tax vat iban bic card license licence passport order invoice
    amount price total sum value cost revenue lat latitude lon lng long longitude ip hash checksum barcode sku date time
    timestamp duration score count quantity version url website zip postcode postal fax telefax""".split()  # noqa: SIM905
)
"""Words of columns whose values may look like phones, and are none."""

CONSENT_HINTS = frozenset(
    """consent consents consented gdpr dsgvo rgpd rodo newsletter marketing subscribed unsubscribed subscription
    unsubscribe einwilligung consentimiento consentement zgoda zgody suppressed suppression""".split()  # noqa: SIM905
)
CONSENT_PHRASES = (
    "opt in", "opted in", "opt out", "opted out", "optin", "optout", "do not call", "do not email", "do not contact",
    "do not mail", "do not allow", "can contact", "may contact",
)  # fmt: skip
"""How columns are called that may say who agreed to be contacted."""

ATTENDANCE_WORDS = frozenset(
    """jointime leavetime timeinsession firstjoin lastleave inmeetingduration attended attendancestatus checkedin checkinstatus attendance
    jointimeleavetimetimeinsession timeinsessionminutes""".split()  # noqa: SIM905
)
REGISTRATION_WORDS = frozenset("tickettype ticketclass tickettypename ticketname registrationstatus".split())  # noqa: SIM905
RECEIPT_WORDS = frozenset({"receiptid", "receiptnumber", "receiptdate"})
DONOR_WORDS = frozenset({"donor", "donors", "contributor"})
ORDER_WORDS = frozenset(
    """orderid ordernumber orderno ordernr order bestellnummer bestellnr numerodepedido numeropedido pedido idpedido
    numerodecommande numerocommande commande numerzamowienia nrzamowienia zamowienie financialstatus""".split()  # noqa: SIM905
)
DONATION_WORDS = frozenset(
    "donationid donationdate donationamount contributionid contributiondate giftid giftdate".split()  # noqa: SIM905
)
AMOUNT_WORDS = frozenset(
    """amount total subtotal price paid gross net betrag summe gesamt gesamtbetrag preis importe precio montant prix
    kwota suma cena wartosc grandtotal""".split()  # noqa: SIM905
)
"""How the columns of attendances, registrations, orders and donations are called; an order has an amount, too."""

# -- words of one kind, by which headers are read ----------------------------------------------------------------------

SAID_OF_MOMENTS = frozenset("utc gmt est pst cet do not modify local".split())  # noqa: SIM905
ASKS = frozenset(
    "your you what whats please enter ihre ihr deine dein votre vos ton tu su twoj twoja twoje podaj".split()  # noqa: SIM905
)
SAID_IN_QUESTIONS = ASKS | frozenset(
    "is s are the a an in provide tell us my and also wie ist lautet quel quelle est cual es jaki jest".split()  # noqa: SIM905
)
ARTICLES = frozenset("de del de la el los las du des le les d l of the".split())  # noqa: SIM905
DATE_PICTURES = frozenset("yyyy yy mm dd jjjj jj tt aaaa aa rrrr".split())  # noqa: SIM905
CODE_ENDINGS = frozenset("cd code codes desc lbl label name txt text iso".split())  # noqa: SIM905
ADDRESS_WORDS = frozenset("address addresses adresse adresses anschrift direccion adres".split())  # noqa: SIM905
NUMBER_WORDS = frozenset({"number", "num", "no", "nr", "nbr"})
STREET_LINE_WORDS = frozenset("line ln addressline streetline adresszeile adressezeile ligne linea linia".split())  # noqa: SIM905
NAME_PARTS: Mapping[str, str] = {
    **dict.fromkeys(("first", "given", "fore"), "first_name"),
    **dict.fromkeys(("middle", "additional"), "middle_name"),
    **dict.fromkeys(("last", "family", "sur"), "last_name"),
    **dict.fromkeys(("full", "whole", "complete"), "full_name"),
    "suffix": "name_suffix",
    **dict.fromkeys(("org", "organization", "organisation", "company", "business", "employer"), "company"),
}
NAME_QUALIFIERS = frozenset({"native", "legal", "of"})
PHONE_NOUNS = frozenset(
    """phone phones telephone tel ph mobile cell cellphone mobilephone handy telefon telefono mobil movil
    portable""".split()  # noqa: SIM905
)
PHONE_WORDS = PHONE_NOUNS | frozenset(
    """number numbers no nr num nummer numer numero cellular landline full value day daytime evening preferred contact hm
    wk privat fixe fijo fixo gsm""".split()  # noqa: SIM905
)
MAIL_WORDS = frozenset("address value id preferred".split())  # noqa: SIM905
