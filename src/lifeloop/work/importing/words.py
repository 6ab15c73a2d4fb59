"""What other systems call a column, in English, Dutch and German. Each group means one thing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable


def all_of(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


CUSTOMER = all_of("""
id customerid customer customernumber customerno custid clientid client userid user memberid accountid externalid
personid contactid subscriberid klantid klant klantnummer klantnr relatienummer relatienr debiteurnummer
kundennummer kundennr kundenid kunde kdnr mitgliedsnummer nutzerid benutzerid
""")
MOMENT = all_of("""
at date time datetime timestamp when occurredat happenedat eventdate eventtime createdat orderdate deliverydate
purchasedate paymentdate datum tijd tijdstip besteldatum orderdatum leverdatum factuurdatum aankoopdatum zeitpunkt
zeit bestelldatum lieferdatum kaufdatum rechnungsdatum erstelltam
""")
EVENT_ID = all_of("id eventid messageid transactionid")
PERMISSION = all_of("""
newsletter nieuwsbrief consent optin optout toestemming einwilligung subscribed subscribe unsubscribed abgemeldet
angemeldet marketing mailing gdpr avg dsgvo permission akkoord werbung
""")
"""A column with one of these in its name may tell of permission; that is never guessed."""

_GROUPS = tuple(
    frozenset(line.split())
    for line in """
firstname givenname forename voornaam roepnaam vorname rufname
lastname surname familyname achternaam familienaam nachname familienname zuname
name fullname naam volledigenaam vollername
email mail emailaddress mailaddress emailadres mailadres emailadresse mailadresse epost
phone tel telephone phonenumber telephonenumber mobile mobilephone mobilenumber cell cellphone telefoon
 telefoonnummer mobiel mobielnummer gsm telefon telefonnummer handy handynummer mobil mobilnummer rufnummer
locale language lang taal taalcode sprache sprachcode
timezone tz zone tijdzone zeitzone
city town plaats woonplaats stad ort wohnort stadt
country land countrycode landcode
zip zipcode postcode postalcode plz postleitzahl
birthday birthdate dateofbirth dob geboortedatum geburtsdatum geburtstag
since customersince memberson registeredat signupdate signedupat joined joinedat klantsinds klantvanaf inschrijfdatum
 kundeseit registriertam anmeldedatum
plan subscription package tariff product tarief abonnement pakket tarif paket
status state klantstatus kundenstatus
ends enddate end expires expirydate validuntil einddatum einde enddatum ende ablaufdatum
contractends contractend contractenddate contracteinde einddatumcontract contracteinddatum
 vertragsende vertragsendedatum
starts startdate start begin begindate validfrom begindatum startdatum beginn
contractstarts contractstart contractstartdate contractbegin begindatumcontract vertragsbeginn vertragsstart
contractid contractnumber contractno contractnummer contractnr vertragsnummer vertragsnr vertragsid vertrag
notice noticeperiod opzegtermijn kuendigungsfrist kundigungsfrist
monthly monthlyamount monthlyfee permonth maandbedrag monatsbetrag monatlich
yearlyvalue yearlyamount annualvalue jaarbedrag jaarwaarde jahreswert jahresbetrag
total amount sum price value revenue bedrag totaal prijs betrag summe preis gesamtbetrag umsatz
orderid ordernumber orderno bestelnummer ordernummer bestellnummer auftragsnummer
quantity qty count number aantal menge anzahl
score rating grade cijfer beoordeling bewertung note
comment remark note opmerking reactie kommentar bemerkung
product productname item article artikel produkt
reason reden grund
autorenews autorenew autorenewal automatischverlengen verlengtautomatisch automatischeverlaengerung
""".replace("\n ", " ")
    .strip()
    .splitlines()
)


def plain(name: str) -> str:
    """Return a name of a column as it is compared: ``E-Mail`` is ``email``, ``Kündigung`` is ``kundigung``."""
    folded = unicodedata.normalize("NFKD", name).casefold()
    return re.sub(r"[^a-z0-9]", "", folded)


def words_for(attribute: str) -> frozenset[str]:
    """Return everything that other systems call an attribute."""
    own = plain(attribute)
    groups = (group for group in _GROUPS if own in group)
    return frozenset({own}).union(*groups)


def best(column: str, attributes: Iterable[str]) -> str | None:
    """Return the attribute that a column is named after: its own name first, then what others call it."""
    word, names = plain(column), list(attributes)
    exact = next((name for name in names if plain(name) == word), None)
    return exact or next((name for name in names if word in words_for(name)), None)


def tells_permission(column: str, topics: Iterable[str]) -> bool:
    """Tell whether a column may hold permission."""
    word = plain(column)
    return any(each in word for each in PERMISSION) or word in {plain(topic) for topic in topics}
