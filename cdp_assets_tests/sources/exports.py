"""The columns of exports of many systems, with what each is, and rows of invented values to go with them.

A line is ``header = values > parts``: the name of a list of ``VALUES``, and the parts of a contract that the column should feed:
``key``, ``observed_at``, a canonical field, ``id:name`` for an identifier. ``field+`` continues the value before it (joined columns).
Nothing behind ``>`` is a column that must not be mapped; ``?`` one of which nothing is asked.

What does not belong here: the checks (``test_exports.py``).
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

VALUES: dict[str, list[str]] = {
    "first": ["Anna", "Boris", "Chloe", "Dmitri"],
    "middle": ["Q", "", "Lee", ""],
    "last": ["Abernathy", "Brandt", "Castellano", "Dudek"],
    "last2": ["Ruiz", "", "Pardo", "Gil"],
    "full": ["Anna Abernathy", "Boris Brandt", "Chloe Castellano", "Dmitri Dudek"],
    "mr": ["Ms.", "Mr.", "Dr.", "Mr."],
    "anrede": ["Frau", "Herr", "Frau", "Herr"],
    "suffix": ["", "Jr", "", ""],
    "sex": ["F", "M", "F", "M"],
    "email": ["anna@companyx.example", "boris@companyx.example", "chloe@companyx.example", "dmitri@companyx.example"],
    "email2": ["a.a@companyy.example", "", "c.c@companyy.example", ""],
    "staff": ["owner@companyz.example"] * 4,
    "phone": ["+1 555 010 0101", "+1 555 010 0102", "+1 555 010 0103", "+1 555 010 0104"],
    "phone2": ["(555) 010-0201", "", "(555) 010-0203", ""],
    "born": ["1980-02-03", "1975-12-23", "1991-07-30", "1966-01-15"],
    "born_us": ["02/03/1980", "12/23/1975", "07/30/1991", "01/15/1966"],
    "born_eu": ["03.02.1980", "23.12.1975", "30.07.1991", "15.01.1966"],
    "born_uk": ["03/02/1980", "23/12/1975", "30/07/1991", "15/01/1966"],
    "day": ["3", "23", "30", "15"],
    "month": ["2", "12", "7", "1"],
    "year": ["1980", "1975", "1991", "1966"],
    "year_of_event": ["2023", "2024", "2019", "2008"],
    "month_day": ["02/03", "12/23", "07/30", "01/15"],
    "street": ["1 Alder Way", "22 Birch Rd", "3 Cedar St", "48 Dogwood Ave"],
    "strasse": ["Erlenweg 1", "Birkenweg 22", "Zedernweg 3", "Hartriegelweg 48"],
    "street_name": ["Alder Way", "Birch Rd", "Cedar St", "Dogwood Ave"],
    "number": ["1", "22", "3a", "48"],
    "line2": ["Apt 4", "", "Unit 2", ""],
    "flat": ["4", "", "2", ""],
    "city": ["Springfield", "Rivertown", "Lakeside", "Hillview"],
    "state": ["OR", "CA", "NY", "TX"],
    "county": ["Lane", "Kern", "Kings", "Travis"],
    "zip": ["97401", "93301", "11201", "73301"],
    "postcode_nl": ["1012 AB", "3511 CD", "9711EF", "6211 GH"],
    "kod": ["00-001", "30-002", "80-003", "50-004"],
    "country": ["US", "US", "US", "US"],
    "whole": ["1 Alder Way, Springfield OR 97401", "22 Birch Rd, Rivertown CA 93301", "3 Cedar St, Lakeside NY", "48 Dogwood Ave"],
    "company": ["Alder Foods", "", "Cedar Labs GmbH", "Dogwood Inc"],
    "title": ["Head of Sales", "Engineer", "Buyer", "Head of Finance"],
    "id": ["1001", "1002", "1003", "1004"],
    "id2": ["871", "872", "873", "874"],
    "same": ["7", "7", "7", "9"],
    "code": ["a8f2k1q9", "b9x3m2r8", "c1y4n3s7", "d2z5p4t6"],
    "uuid": ["0a1b-x", "1b2c-x", "2c3d-x", "3d4e-x"],
    "ssn": ["123-45-6701", "123-45-6702", "123-45-6703", "123-45-6704"],
    "at": ["2024-05-01 10:00:00", "2024-05-02 11:30:00", "2024-05-03 09:15:00", "2024-05-03 09:15:00"],
    "then": ["2021-01-01 10:00:00", "2021-02-02 11:30:00", "2021-03-03 09:15:00", "2021-04-04 09:15:00"],
    "at_us": ["05/01/2024 10:00 AM", "05/22/2024 11:30 AM", "05/23/2024 09:15 AM", "05/23/2024 09:15 AM"],
    "epoch": ["1714550400", "1714550500", "1714550600", "1714550700"],
    "yes": ["Yes", "No", "Yes", "Yes"],
    "true": ["true", "false", "true", "true"],
    "ip": ["192.0.2.10", "192.0.2.111", "192.0.2.112", "192.0.2.113"],
    "lat": ["44.051201", "35.373291", "40.678177", "30.267153"],
    "money": ["1250000.50", "990000.00", "1500000.25", "2000000.75"],
    "count": ["3", "1", "0", "5"],
    "text": ["blue and red", "green", "n/a", "see file"],
    "word": ["customer", "lead", "lead", "customer"],
    "url": ["https://a.example/x", "https://b.example", "", "https://d.example"],
    "page": ["/home", "/prices", "/home", "/help"],
    "event": ["page_view", "click", "page_view", "purchase"],
    "gala": ["Spring Gala 2024", "Spring Gala 2024", "Autumn Ball", "Autumn Ball"],
    "order": ["#1001", "#1002", "#1003", "#1004"],
    "home": ["Home", "Work", "Home", "Home"],
    "none": ["", "", "", ""],
}  # fmt: skip


@dataclass(frozen=True)
class Export:
    """``kind`` of the rows; ``happened``: the constant of activities, where no column says it."""

    name: str
    lines: str
    kind: str = "profiles"
    happened: str | None = None
    delimiter: str = ","

    @property
    def columns(self) -> list[tuple[str, list[str], list[str]]]:
        """Header, values and parts of each column."""
        found = []
        for line in self.lines.strip().splitlines():
            said, _, parts = line.partition(">")
            header, _, values = said.rpartition(" = ")
            found.append((header.strip(), VALUES[values.strip()], parts.split()))
        return found

    @property
    def text(self) -> str:
        """The file's text."""
        file = io.StringIO()
        writer = csv.writer(file, delimiter=self.delimiter, lineterminator="\n")
        writer.writerow([header for header, _, _ in self.columns])
        writer.writerows(zip(*(values for _, values, _ in self.columns), strict=True))
        return file.getvalue()


EXPORTS = (
    Export("HubSpot contacts", """
        Record ID = id > key
        First Name = first > first_name
        Last Name = last > last_name
        Email = email > email
        Phone Number = phone > phone
        Mobile Phone Number = phone2 > phone
        Contact owner = full >
        Contact owner email = staff >
        Lifecycle Stage = word >
        Lead Status = word >
        Company Name = company > company
        Job Title = title > job_title
        Street Address = street > street
        City = city > city
        State/Region = state > region
        Postal Code = zip > postcode
        Country/Region = country > country
        Date of birth = born > date_of_birth
        Opted out of email: Marketing Information = true >
        Marketing contact status = word >
        Original Source = text >
        Create Date = then >
        Last Modified Date = at > observed_at
        Associated Company = text > ?
        """),
    Export("Salesforce contact report", """
        Contact ID = code > key
        Salutation = mr >
        First Name = first > first_name
        Middle Name = middle > middle_name
        Last Name = last > last_name
        Title = title > job_title
        Account Name = company > company
        Account ID = same >
        Contact Owner = full >
        Mailing Street = street > street
        Mailing City = city > city
        Mailing State/Province = state > region
        Mailing Zip/Postal Code = zip > postcode
        Mailing Country = country > country
        Other Street = street > street
        Other City = city > city
        Phone = phone > phone
        Fax = phone2 >
        Mobile = phone2 > phone
        Email = email > email
        Assistant = full >
        Assistant Phone = phone2 >
        Birthdate = born_us > date_of_birth
        Email Opt Out = yes >
        Do Not Call = yes >
        Lead Source = text >
        Last Modified Date = at_us > observed_at
        """),
    Export("Salesforce Data Loader, contacts", """
        ID = code > key
        ACCOUNTID = same >
        LASTNAME = last > last_name
        FIRSTNAME = first > first_name
        SALUTATION = mr >
        NAME = full >
        MAILINGSTREET = street > street
        MAILINGCITY = city > city
        MAILINGSTATE = state > region
        MAILINGPOSTALCODE = zip > postcode
        MAILINGCOUNTRY = country > country
        PHONE = phone > phone
        FAX = phone2 >
        MOBILEPHONE = phone2 > phone
        EMAIL = email > email
        TITLE = title > job_title
        ASSISTANTPHONE = phone2 >
        LEADSOURCE = text >
        BIRTHDATE = born > date_of_birth
        OWNERID = same >
        HASOPTEDOUTOFEMAIL = true >
        CREATEDDATE = then >
        LASTMODIFIEDDATE = at > observed_at
        """),
    Export("Salesforce leads, API names", """
        Id = code > key
        LastName = last > last_name
        FirstName = first > first_name
        Name = full >
        Title = title > job_title
        Company = company > company
        Street = street > street
        City = city > city
        State = state > region
        PostalCode = zip > postcode
        Country = country > country
        Phone = phone > phone
        MobilePhone = phone2 > phone
        Email = email > email
        Website = url >
        LeadSource = text >
        Status = word >
        HasOptedOutOfEmail = true >
        OwnerId = same >
        CreatedDate = then >
        LastModifiedDate = at > observed_at
        SystemModstamp = at >
        """),
    Export("Mailchimp audience", """
        Email Address = email > email
        First Name = first > first_name
        Last Name = last > last_name
        Address = whole > street
        Phone Number = phone > phone
        Birthday = month_day >
        MEMBER_RATING = count >
        OPTIN_TIME = then >
        OPTIN_IP = ip >
        CONFIRM_TIME = then >
        CONFIRM_IP = ip >
        LATITUDE = lat >
        LONGITUDE = lat >
        GMTOFF = count >
        TIMEZONE = text >
        CC = country >
        LAST_CHANGED = at > observed_at
        LEID = id > key
        EUID = code >
        NOTES = none >
        TAGS = text >
        """),
    Export("Klaviyo profiles", """
        Email = email > email
        Klaviyo ID = code > key
        First Name = first > first_name
        Last Name = last > last_name
        Organization = company > company
        Title = title > job_title
        Phone Number = phone > phone
        Address = street > street
        Address 2 = line2 > street+
        City = city > city
        State / Region = state > region
        Zip Code = zip > postcode
        Country = country > country
        Latitude = lat >
        Longitude = lat >
        IP Address = ip >
        Source = text >
        Email Marketing Consent = word >
        SMS Marketing Consent = word >
        Accepts Marketing = true >
        Date Added = at > observed_at
        """),
    Export("Shopify customers", """
        Customer ID = id > key
        First Name = first > first_name
        Last Name = last > last_name
        Email = email > email
        Accepts Email Marketing = yes >
        Default Address Company = company > company
        Default Address Address1 = street > street
        Default Address Address2 = line2 > street+
        Default Address City = city > city
        Default Address Province Code = state > region
        Default Address Country Code = country > country
        Default Address Zip = zip > postcode
        Default Address Phone = phone2 > phone
        Phone = phone > phone
        Accepts SMS Marketing = yes >
        Total Spent = money >
        Total Orders = count >
        Note = text >
        Tax Exempt = yes >
        Tags = text >
        """),
    Export("Shopify orders", """
        Name = order >
        Email = email > email
        Financial Status = word >
        Paid at = at >
        Fulfillment Status = word >
        Accepts Marketing = yes >
        Currency = country >
        Subtotal = money >
        Total = money >
        Discount Code = text >
        Shipping Method = text >
        Created at = at > observed_at
        Lineitem quantity = count >
        Lineitem name = text >
        Billing Name = full > full_name
        Billing Street = street >
        Billing Address1 = street > street
        Billing Address2 = line2 > street+
        Billing Company = company > company
        Billing City = city > city
        Billing Zip = zip > postcode
        Billing Province = state > region
        Billing Country = country > country
        Billing Phone = phone > phone
        Shipping Name = full >
        Shipping Street = street >
        Shipping Address1 = street > street
        Shipping Address2 = line2 > street+
        Shipping Company = company >
        Shipping City = city > city
        Shipping Zip = zip > postcode
        Shipping Province = state > region
        Shipping Country = country > country
        Shipping Phone = phone2 > phone
        Notes = text >
        Id = id > key
        Vendor = text >
        """, kind="activities", happened="purchase"),
    Export("WooCommerce customers", """
        id = id > key
        username = code >
        email = email > email
        first_name = first > first_name
        last_name = last > last_name
        role = word >
        date_created = then > ?
        date_modified = at > observed_at
        billing_first_name = first >
        billing_last_name = last >
        billing_company = company > company
        billing_address_1 = street > street
        billing_address_2 = line2 > street+
        billing_city = city > city
        billing_state = state > region
        billing_postcode = zip > postcode
        billing_country = country > country
        billing_email = email2 > email
        billing_phone = phone > phone
        shipping_first_name = first >
        shipping_last_name = last >
        shipping_company = company >
        shipping_address_1 = street > street
        shipping_address_2 = line2 > street+
        shipping_city = city > city
        shipping_state = state > region
        shipping_postcode = zip > postcode
        shipping_country = country > country
        is_paying_customer = true >
        """),
    Export("WooCommerce orders", """
        order_id = id > key
        order_number = id >
        order_date = at > observed_at
        status = word >
        order_total = money >
        payment_method = word >
        customer_id = same >
        customer_ip_address = ip >
        billing_first_name = first > first_name
        billing_last_name = last > last_name
        billing_email = email > email
        billing_phone = phone > phone
        billing_address_1 = street > street
        billing_address_2 = line2 > street+
        billing_city = city > city
        billing_postcode = zip > postcode
        billing_country = country > country
        """, kind="activities", happened="purchase"),
    Export("Magento customers", """
        email = email > key email
        _website = word >
        _store = word >
        created_at = then >
        updated_at = at > observed_at
        dob = born > date_of_birth
        firstname = first > first_name
        gender = sex > sex
        group_id = same >
        lastname = last > last_name
        middlename = middle > middle_name
        prefix = mr >
        suffix = suffix > name_suffix
        password_hash = uuid >
        taxvat = text >
        _address_city = city > city
        _address_company = company > company
        _address_country_id = country > country
        _address_fax = phone2 >
        _address_firstname = first >
        _address_lastname = last >
        _address_postcode = zip > postcode
        _address_region = state > region
        _address_street = street > street
        _address_telephone = phone > phone
        """),
    Export("Stripe customers", """
        id = code > key
        Description = text >
        Email = email > email
        Name = full > full_name
        Created (UTC) = at > observed_at
        Delinquent = true >
        Card ID = uuid >
        Card Last4 = year >
        Card Brand = word >
        Card Name = full >
        Card Address Line1 = street > street
        Card Address Line2 = line2 > street+
        Card Address City = city > city
        Card Address State = state > region
        Card Address Country = country > country
        Card Address Zip = zip > postcode
        Card CVC Status = word >
        Phone = phone > phone
        Total Spend = money >
        Business Vat ID = text >
        """),
    Export("Google Contacts, before 2024", """
        Name = full >
        Given Name = first > first_name
        Additional Name = middle > middle_name
        Family Name = last > last_name
        Yomi Name = none >
        Name Prefix = mr >
        Name Suffix = suffix > name_suffix
        Nickname = text >
        Birthday = born > date_of_birth
        Gender = none > sex
        Location = none > ?
        Notes = none >
        Group Membership = text >
        E-mail 1 - Type = home >
        E-mail 1 - Value = email > key email
        E-mail 2 - Type = home >
        E-mail 2 - Value = email2 > email
        Phone 1 - Type = home >
        Phone 1 - Value = phone > phone
        Phone 2 - Value = phone2 > phone
        Address 1 - Type = home >
        Address 1 - Formatted = whole >
        Address 1 - Street = street > street
        Address 1 - City = city > city
        Address 1 - PO Box = none >
        Address 1 - Region = state > region
        Address 1 - Postal Code = zip > postcode
        Address 1 - Country = country > country
        Address 1 - Extended Address = line2 > street+
        Organization 1 - Type = none >
        Organization 1 - Name = company > company
        Organization 1 - Title = title > job_title
        Organization 1 - Department = text >
        Website 1 - Value = url >
        """),
    Export("Google Contacts", """
        First Name = first > first_name
        Middle Name = middle > middle_name
        Last Name = last > last_name
        Phonetic First Name = none >
        Name Prefix = mr >
        Name Suffix = suffix > name_suffix
        Nickname = text >
        File As = full >
        Organization Name = company > company
        Organization Title = title > job_title
        Organization Department = text >
        Birthday = born > date_of_birth
        Notes = none >
        Labels = text >
        E-mail 1 - Label = home >
        E-mail 1 - Value = email > key email
        Phone 1 - Label = home >
        Phone 1 - Value = phone > phone
        Address 1 - Label = home >
        Address 1 - Formatted = whole >
        Address 1 - Country = country > country
        Address 1 - Street = street > street
        Address 1 - Extended Address = line2 > street+
        Address 1 - City = city > city
        Address 1 - Region = state > region
        Address 1 - Postal Code = zip > postcode
        Address 1 - PO Box = none >
        Address 2 - Street = street > street
        Address 2 - City = city > city
        Relation 1 - Value = full >
        """),
    Export("Outlook contacts", """
        Title = mr >
        First Name = first > first_name
        Middle Name = middle > middle_name
        Last Name = last > last_name
        Suffix = suffix > name_suffix
        Company = company > company
        Department = text >
        Job Title = title > job_title
        Business Street = street > street
        Business Street 2 = line2 > street+
        Business City = city > city
        Business State = state > region
        Business Postal Code = zip > postcode
        Business Country/Region = country > country
        Home Street = street > street
        Home City = city > city
        Home State = state > region
        Home Postal Code = zip > postcode
        Home Country/Region = country > country
        Assistant's Phone = phone2 >
        Business Fax = phone2 >
        Business Phone = phone > phone
        Business Phone 2 = phone2 > phone
        Company Main Phone = phone2 >
        Home Phone = phone2 > phone
        Mobile Phone = phone2 > phone
        Pager = none >
        Account = none > ?
        Anniversary = born >
        Assistant's Name = full >
        Birthday = born_us > date_of_birth
        Categories = text >
        E-mail Address = email > key email
        E-mail Type = word >
        E-mail Display Name = full >
        E-mail 2 Address = email2 > email
        Gender = word > ?
        Government ID Number = none >
        Home Address PO Box = none >
        Manager's Name = full >
        Referred By = full >
        Spouse = full >
        Web Page = url >
        """),
    Export("Zoom webinar attendees", """
        Attended = yes > activity
        User Name (Original Name) = full >
        First Name = first > first_name
        Last Name = last > last_name
        Email = email > email
        Address = street > street
        City = city > city
        Country/Region = country > country
        Zip/Postal Code = zip > postcode
        Phone = phone > phone
        Organization = company > company
        Job Title = title > job_title
        Registration Time = at_us >
        Approval Status = word >
        Join Time = at_us > observed_at
        Leave Time = at_us >
        Time in Session (minutes) = count >
        Is Guest = yes >
        Country/Region Name = text >
        Source Name = text >
        """, kind="activities"),
    Export("GoToWebinar attendees", """
        Attended = yes > activity
        Interest Rating = count >
        Last Name = last > last_name
        First Name = first > first_name
        Email Address = email > email
        Registration Date/Time = at_us > observed_at
        Join Time - Leave Time (Time in Session) = text >
        Phone Number = phone > phone
        City = city > city
        State/Province = state > region
        Organization = company > company
        Unsubscribed = yes >
        """, kind="activities"),
    Export("Eventbrite attendees", """
        Order # = id2 >
        Order Date = at > observed_at
        First Name = first > first_name
        Last Name = last > last_name
        Email = email > email
        Quantity = count >
        Ticket Type = word >
        Attendee # = id > key
        Event Name = gala > activity_subject
        Order Type = word >
        Currency = country >
        Total Paid = money >
        Attendee Status = word >
        Home Address 1 = street > street
        Home Address 2 = line2 > street+
        Home City = city > city
        Home State = state > region
        Home Zip = zip > postcode
        Home Country = country > country
        Cell Phone = phone > phone
        Gender = sex > sex
        Age = count >
        Birth Date = born > date_of_birth
        Company = company > company
        Job Title = title > job_title
        Website = url >
        """, kind="activities", happened="registered"),
    Export("Zendesk users", """
        id = id > key
        name = full > full_name
        email = email > email
        role = word >
        created_at = then >
        updated_at = at > observed_at
        last_login_at = at >
        time_zone = text >
        phone = phone > phone
        organization_id = same >
        organization = company > company
        tags = text >
        notes = text >
        active = true >
        """),
    Export("Intercom users", """
        User ID = code > key
        Name = full > full_name
        Email = email > email
        Phone = phone > phone
        Owner = full >
        First Seen (UTC) = then >
        Last Seen (UTC) = at > ?
        Signed up (UTC) = then > ?
        Web sessions = count >
        City = city > city
        Region = state > region
        Country = country > country
        Browser language = word >
        Unsubscribed from emails = true >
        Company Name = company > company
        Company ID = same >
        Company monthly spend = money >
        """),
    Export("Freshdesk contacts", """
        Contact ID = id > key
        Full name = full > full_name
        Title = title > job_title
        Email = email > email
        Work phone = phone > phone
        Mobile phone = phone2 > phone
        Twitter = none >
        Company = company > company
        Address = whole > street
        Time zone = text >
        Language = word >
        Tags = text >
        About = text >
        Unique external ID = none >
        Created at = then >
        Updated at = at > observed_at
        """),
    Export("Pipedrive people", """
        Person - ID = id > key
        Person - Name = full >
        Person - First name = first > first_name
        Person - Last name = last > last_name
        Person - Organization = company > company
        Person - Email - Work = email > email
        Person - Email - Home = email2 > email
        Person - Phone - Work = phone > phone
        Person - Phone - Mobile = phone2 > phone
        Person - Owner = full >
        Person - Label = word >
        Person - Open deals = count >
        Person - Person created = then >
        Person - Update time = at > observed_at
        Person - Marketing status = word >
        Organization - Name = company >
        Organization - Address = whole >
        Organization - ID = same >
        """),
    Export("Dynamics 365 contacts", """
        (Do Not Modify) Contact = uuid > key
        (Do Not Modify) Row Checksum = code >
        (Do Not Modify) Modified On = at > observed_at
        First Name = first > first_name
        Last Name = last > last_name
        Full Name = full >
        Email = email > email
        Company Name = company > company
        Business Phone = phone > phone
        Mobile Phone = phone2 > phone
        Address 1: Street 1 = street > street
        Address 1: Street 2 = line2 > street+
        Address 1: City = city > city
        Address 1: State/Province = state > region
        Address 1: ZIP/Postal Code = zip > postcode
        Address 1: Country/Region = country > country
        Address 2: Street 1 = street > street
        Address 2: City = city > city
        Job Title = title > job_title
        Birthday = born_us > date_of_birth
        Do not allow Emails = word >
        Owner = full >
        """),
    Export("Dynamics 365 contacts, API names", """
        contactid = uuid > key
        firstname = first > first_name
        lastname = last > last_name
        fullname = full >
        emailaddress1 = email > email
        emailaddress2 = email2 > email
        telephone1 = phone > phone
        mobilephone = phone2 > phone
        fax = phone2 >
        address1_line1 = street > street
        address1_line2 = line2 > street+
        address1_city = city > city
        address1_stateorprovince = state > region
        address1_postalcode = zip > postcode
        address1_country = country > country
        jobtitle = title > job_title
        birthdate = born > date_of_birth
        gendercode = sex > sex
        donotemail = true >
        createdon = then >
        modifiedon = at > observed_at
        """),
    Export("SendGrid contacts", """
        EMAIL = email > email
        FIRST_NAME = first > first_name
        LAST_NAME = last > last_name
        ADDRESS_LINE_1 = street > street
        ADDRESS_LINE_2 = line2 > street+
        CITY = city > city
        STATE_PROVINCE_REGION = state > region
        POSTAL_CODE = zip > postcode
        COUNTRY = country > country
        ALTERNATE_EMAILS = email2 > email
        PHONE_NUMBER = phone > phone
        WHATSAPP = none >
        LINE = none >
        UNIQUE_NAME = code >
        CREATED_AT = then >
        UPDATED_AT = at > observed_at
        CONTACT_ID = uuid > key
        """),
    Export("ActiveCampaign contacts", """
        Contact ID = id > key
        Email = email > email
        First Name = first > first_name
        Last Name = last > last_name
        Phone = phone > phone
        Account Name = company > company
        Job Title = title > job_title
        Tags = text >
        IP Address = ip >
        Date Created = at > observed_at
        Email Opt In = yes >
        Lists = text >
        Score = count >
        """),
    Export("a survey form", """
        # = code > key
        What is your first name? = first > first_name
        And what's your last name? = last > last_name
        What's your email address? = email > email
        Your phone number = phone > phone
        What company do you work for? = company > ?
        Do you agree to our newsletter? = yes >
        How did you hear of us? = text >
        Start Date (UTC) = then >
        Submit Date (UTC) = at > observed_at
        Network ID = uuid >
        """),
    Export("a form in a spreadsheet", """
        Timestamp = at_us > observed_at
        Email Address = email > key email
        Full name = full > full_name
        Phone Number = phone > phone
        Postal address = whole > street
        T-shirt size = word >
        """),
    Export("GA4 events", """
        event_date = text >
        event_timestamp = epoch > observed_at
        event_name = event > activity
        user_id = same >
        user_pseudo_id = lat > id:cookie_id
        page_location = url > activity_subject
        page_title = text >
        geo.country = country >
        geo.city = city >
        device.category = word >
        traffic_source.name = word >
        traffic_source.source = word >
        event_value_in_usd = money >
        """, kind="activities"),
    Export("Matomo visits", """
        idVisit = id > key
        visitorId = code > id:cookie_id
        visitIp = ip >
        userId = none >
        serverTimestamp = epoch > observed_at
        pageUrl = url > activity_subject
        pageTitle = text >
        country = country > ?
        city = city > ?
        latitude = lat >
        longitude = lat >
        deviceType = word >
        browserName = word >
        """, kind="activities", happened="page_view"),
    Export("donations", """
        Receipt ID = code > key
        Date = at > observed_at
        Amount = money >
        Recurring Total Months = count >
        Recipient = text >
        Fundraising Page = text >
        Donor First Name = first > first_name
        Donor Last Name = last > last_name
        Donor Addr1 = street > street
        Donor Addr2 = line2 > street+
        Donor City = city > city
        Donor State = state > region
        Donor ZIP = zip > postcode
        Donor Country = country > country
        Donor Occupation = title > job_title
        Donor Employer = company > company
        Donor Email = email > email
        Donor Phone = phone > phone
        Check Number = none >
        Text Message Opt In = word >
        """, kind="activities", happened="donated"),
    Export("voters, one state", """
        county_id = same >
        voter_reg_num = id > key
        last_name = last > last_name
        first_name = first > first_name
        middle_name = middle > middle_name
        name_suffix_lbl = suffix > name_suffix
        status_cd = word >
        res_street_address = street > street
        res_city_desc = city > city
        state_cd = state > region
        zip_code = zip > postcode
        mail_addr1 = street > street
        mail_city = city > city
        mail_state = state > region
        mail_zipcode = zip > postcode
        full_phone_number = phone > phone
        race_code = word >
        gender_code = sex > sex
        birth_year = year > date_of_birth
        registr_dt = born >
        """),
    Export("voters, street in parts", """
        SOS_VOTERID = code > key
        LAST_NAME = last > last_name
        FIRST_NAME = first > first_name
        SUFFIX = suffix > name_suffix
        DATE_OF_BIRTH = born > date_of_birth
        REGISTRATION_DATE = then > ?
        HOUSE_NUMBER = number > street
        STREET_NAME = street_name > street+
        APT_NUM = flat > street+
        RES_CITY = city > city
        RES_COUNTY = county >
        RES_STATE = state > region
        RES_ZIP = zip > postcode
        PARTY_AFFILIATION = word >
        PHONE_NUM = phone > phone
        """),
    Export("voters, a vendor", """
        LALVOTERID = code > key
        Voters_FirstName = first > first_name
        Voters_LastName = last > last_name
        Voters_Gender = sex > sex
        Voters_BirthDate = born_us > date_of_birth
        Residence_Addresses_AddressLine = street > street
        Residence_Addresses_City = city > city
        Residence_Addresses_State = state > region
        Residence_Addresses_Zip = zip > postcode
        Residence_Addresses_Latitude = lat >
        Mailing_Addresses_AddressLine = street > street
        Mailing_Addresses_City = city > city
        Mailing_Addresses_Zip = zip > postcode
        """),
    Export("patients", """
        PatientID = id > key
        MRN = id2 >
        PatientLastName = last > last_name
        PatientFirstName = first > first_name
        PatientMiddleName = middle > middle_name
        DateOfBirth = born > date_of_birth
        AdministrativeSex = sex > sex
        PatientAddressLine1 = street > street
        PatientAddressLine2 = line2 > street+
        PatientCity = city > city
        PatientState = state > region
        PatientZip = zip > postcode
        PhoneNumberHome = phone > phone
        PhoneNumberBusiness = phone2 > phone
        SSNNumberPatient = ssn > id:ssn
        DriversLicenseNumberPatient = code > id:drivers_license
        MothersMaidenName = last >
        EmergencyContactName = full >
        EmergencyContactPhone = phone2 >
        PrimaryLanguage = word >
        """),
    Export("a German shop", """
        Kunden-Nr. = id > key
        Anrede = anrede >
        Titel = none >
        Vorname = first > first_name
        Nachname = last > last_name
        Firma = company > company
        Straße = street_name > street
        Hausnummer = number > street+
        Adresszusatz = line2 > street+
        PLZ = zip > postcode
        Ort = city > city
        Land = country > country
        Telefon = phone > phone
        E-Mail-Adresse = email > email
        Geburtsdatum = born_eu > date_of_birth
        Newsletter = yes >
        Angelegt am = born_eu > ?
        """, delimiter=";"),
    Export("a German list, with Name as last name", """
        Nr. = id > key
        Name = last > last_name
        Vorname = first > first_name
        Straße und Hausnummer = strasse > street
        PLZ = zip > postcode
        Wohnort = city > city
        Handy-Nr. = phone > phone
        Mail = email > email
        Geburtstag = born_eu > date_of_birth
        """, delimiter=";"),
    Export("a German shop, two addresses", """
        Kundennummer = id > key
        E-Mail = email > email
        Rechnungsadresse Vorname = first > first_name
        Rechnungsadresse Nachname = last > last_name
        Rechnungsadresse Straße = street > street
        Rechnungsadresse PLZ = zip > postcode
        Rechnungsadresse Ort = city > city
        Lieferadresse Straße = street > street
        Lieferadresse PLZ = zip > postcode
        Lieferadresse Ort = city > city
        """, delimiter=";"),
    Export("a French shop", """
        Identifiant = id > key
        Civilité = mr >
        Nom = last > last_name
        Prénom = first > first_name
        Société = company > company
        Adresse 1 = street > street
        Adresse 2 = line2 > street+
        Code postal = zip > postcode
        Ville = city > city
        Pays = country > country
        Téléphone = phone > phone
        Téléphone mobile = phone2 > phone
        E-mail = email > email
        Date de naissance = born_uk > date_of_birth
        Inscrit à la newsletter = yes >
        """, delimiter=";"),
    Export("a French register, street in parts", """
        Numéro client = id > key
        Nom de famille = last > last_name
        Prénoms = first > first_name
        Numéro de voie = number > street
        Type de voie = word > street+
        Nom de la voie = street_name > street+
        Complément d'adresse = line2 > street+
        Code postal = zip > postcode
        Commune = city > city
        Courriel = email > email
        """, delimiter=";"),
    Export("a Spanish shop", """
        ID cliente = id > key
        Nombre = first > first_name
        Primer apellido = last > last_name
        Segundo apellido = last2 > last_name+
        NIF = code > id:national_id
        Correo electrónico = email > email
        Teléfono móvil = phone > phone
        Tipo de vía = word > street
        Nombre de la vía = street_name > street+
        Número = number > street+
        Piso = flat > street+
        Código postal = zip > postcode
        Localidad = city > city
        Provincia = state > region
        País = country > country
        Fecha de nacimiento = born_uk > date_of_birth
        Acepta publicidad = yes >
        """, delimiter=";"),
    Export("a Polish shop", """
        Lp. = id > key
        Imię = first > first_name
        Nazwisko = last > last_name
        Firma = company > company
        NIP = code >
        Ulica = street_name > street
        Nr domu = number > street+
        Nr lokalu = flat > street+
        Kod pocztowy = kod > postcode
        Miejscowość = city > city
        Telefon = phone > phone
        Adres e-mail = email > email
        Data urodzenia = born_eu > date_of_birth
        Zgoda marketingowa = yes >
        """, delimiter=";"),
    Export("prefixed names", """
        cust_id = id > key
        cust_fname = first > first_name
        cust_lname = last > last_name
        contact_email = email > email
        primary_phone = phone > phone
        secondary_phone = phone2 > phone
        addr_line1 = street > street
        addr_line2 = line2 > street+
        addr_city = city > city
        addr_state = state > region
        addr_zip = zip > postcode
        addr_type = home >
        dob_day = day > date_of_birth
        dob_month = month > date_of_birth+
        dob_year = year > date_of_birth+
        phone_type = home >
        email_opt_in = yes >
        ip_address = ip >
        """),
    Export("names turned round", """
        record_id = id > key
        name_first = first > first_name
        name_middle = middle > middle_name
        name_last = last > last_name
        name_suffix = suffix > name_suffix
        passport_number = code > id:passport_number
        passport_country = country >
        ssn = ssn > id:ssn
        phone_home = phone > phone
        phone_mobile = phone2 > phone
        email_primary = email > email
        email_status = word >
        campaign_name = text >
        account_name = company > company
        """),
    Export("record linkage, components", """
        fname_c1 = first > first_name
        fname_c2 = none > first_name+
        lname_c1 = last > last_name
        lname_c2 = last2 > last_name+
        by = year > date_of_birth
        bm = month > date_of_birth+
        bd = day > date_of_birth+
        rid = id > key
        """),
    Export("nested JSON names", """
        id = id > key
        customer.first_name = first > first_name
        customer.last_name = last > last_name
        customer.email = email > email
        company.name = company > company
        campaign.name = text >
        owner.email = staff >
        address.line1 = street > street
        address.line2 = line2 > street+
        address.city = city > city
        address.postal_code = zip > postcode
        address.country = country > country
        updated_at = epoch > observed_at
        """),
    Export("Square customers", """
        Reference ID = none >
        First Name = first > first_name
        Last Name = last > last_name
        Email Address = email > email
        Phone Number = phone > phone
        Nickname = text >
        Company Name = company > company
        Street Address 1 = street > street
        Street Address 2 = line2 > street+
        City = city > city
        State = state > region
        Postal Code = zip > postcode
        Birthday = born > date_of_birth
        Memo = text >
        Square Customer ID = code > key
        Creation Source = text >
        First Visit = then >
        Last Visit = at >
        Transaction Count = count >
        Lifetime Spend = money >
        Email Subscription Status = word >
        """),
    Export("Wix contacts", """
        First Name = first > first_name
        Last Name = last > last_name
        Email 1 = email > key email
        Email 2 = email2 > email
        Phone 1 = phone > phone
        Phone 2 = phone2 > phone
        Address 1 - Type = home >
        Address 1 - Street = street > street
        Address 1 - City = city > city
        Address 1 - State/Region = state > region
        Address 1 - Zip = zip > postcode
        Address 1 - Country = country > country
        Company = company > company
        Position = title > job_title
        Email subscriber status = word >
        SMS subscriber status = word >
        Source = text >
        Labels = text >
        Created At (UTC+0) = at > observed_at
        Last Activity = text >
        """),
    Export("Brevo contacts", """
        CONTACT ID = id > key
        EMAIL = email > email
        FIRSTNAME = first > first_name
        LASTNAME = last > last_name
        SMS = phone > phone
        EXT_ID = none >
        DOUBLE_OPT-IN = yes >
        OPT_IN = yes >
        ADDED_TIME = then >
        MODIFIED_TIME = at > observed_at
        """),
    Export("newsletter subscribers", """
        id = id > key
        first_name = first > first_name
        email = email > email
        state = word >
        created_at = at > observed_at
        referrer = text >
        """),
    Export("LinkedIn connections", """
        First Name = first > first_name
        Last Name = last > last_name
        URL = url >
        Email Address = email > key email
        Company = company > company
        Position = title > job_title
        Connected On = at > ?
        """),
    Export("Facebook lead ads", """
        id = id > key
        created_time = at > observed_at
        ad_id = same >
        ad_name = text >
        adset_name = text >
        campaign_id = same >
        campaign_name = text >
        form_name = text >
        is_organic = true >
        platform = word >
        full_name = full > full_name
        email = email > email
        phone_number = phone > phone
        city = city > city
        """),
    Export("payments", """
        Date = born_us > ?
        Time = text >
        Name = full > full_name
        Type = word >
        Status = word >
        Currency = country >
        Gross = money >
        Fee = money >
        From Email Address = email > email
        To Email Address = staff >
        Transaction ID = code > key
        Address Line 1 = street > street
        Address Line 2/District/Neighborhood = line2 > street+
        Town/City = city > city
        State/Province/Region/County/Territory/Prefecture/Republic = state > region
        Zip/Postal Code = zip > postcode
        Country = country > country
        Contact Phone Number = phone > phone
        """, kind="profiles"),
    Export("employees", """
        Employee ID = id > key
        Preferred Name = first >
        Legal First Name = first > first_name
        Legal Last Name = last > last_name
        Work Email = email > email
        Personal Email = email2 > email
        Manager = full >
        Manager Email = staff >
        Department = text >
        Job Title = title > job_title
        Hire Date = then > ?
        Date of Birth = born > date_of_birth
        Home Address Line 1 = street > street
        Home Address City = city > city
        Home Address Postal Code = zip > postcode
        Mobile = phone > phone
        Emergency Contact Phone = phone2 >
        """),
    Export("pupils", """
        Student ID = id > key
        Student First Name = first > first_name
        Student Last Name = last > last_name
        Date of Birth = born > date_of_birth
        Grade = count >
        Guardian Name = full >
        Guardian Email = email2 >
        Guardian Phone = phone2 >
        Student Email = email > email
        """),
    Export("support tickets", """
        Ticket ID = id > key
        Requester = full > full_name
        Requester email = email > email
        Requester phone = phone > phone
        Assignee = full >
        Assignee email = staff >
        Organization = company > company
        Subject = text >
        Status = word >
        Created at = then >
        Updated at = at > observed_at
        """, kind="profiles"),
    Export("Amazon orders", """
        order-id = id > key
        purchase-date = at > observed_at
        buyer-email = email > email
        buyer-name = full > full_name
        buyer-phone-number = phone > phone
        item-price = money >
        recipient-name = full >
        ship-address-1 = street > street
        ship-address-2 = line2 > street+
        ship-city = city > city
        ship-state = state > region
        ship-postal-code = zip > postcode
        ship-country = country > country
        """, kind="activities", happened="purchase"),
    Export("a British membership list", """
        Membership No = id > key
        Title = mr >
        Forename = first > first_name
        Surname = last > last_name
        Address Line 1 = street > street
        Address Line 2 = line2 > street+
        Address Line 3 = none > street+
        Town = city > city
        County = county > region
        Postcode = zip > postcode
        Tel (Home) = phone > phone
        Tel (Mobile) = phone2 > phone
        Email = email > email
        DOB = born_uk > date_of_birth
        Gift Aid = yes >
        Joined = born_uk > ?
        """),
    Export("consents of a platform", """
        contact_email = email > email
        consent_status = word > consent
        purpose = word > purpose
        channel = word > channel
        timestamp = at > observed_at
        source = text >
        event_id = id > key
        """, kind="consents"),
    Export("e-mail events", """
        email = email > email
        event = event > activity
        timestamp = epoch > observed_at
        sg_message_id = code > key
        url = url > activity_subject
        ip = ip >
        useragent = text >
        """, kind="activities"),
    Export("camel case", """
        personId = id > key
        firstName = first > first_name
        lastName = last > last_name
        emailAddress = email > email
        mobilePhoneNumber = phone > phone
        homeAddress.street = street_name > street
        homeAddress.houseNumber = number > street+
        homeAddress.postalCode = zip > postcode
        homeAddress.city = city > city
        workAddress.city = city >
        dateOfBirth = born > date_of_birth
        employer.name = company > company
        lastModifiedDateTime = at > observed_at
        """),
    Export("Polish orders", """
        Numer zamówienia = id > key
        Data zamówienia = at > observed_at
        Nazwa klienta = full > full_name
        Adres e-mail klienta = email > email
        Telefon klienta = phone > phone
        Ulica i numer = street > street
        Kod pocztowy = kod > postcode
        Miasto = city > city
        Kwota = money >
        Status = word >
        """, kind="activities", happened="purchase", delimiter=";"),
    Export("an old mainframe", """
        CUSTNO = id > key
        FSTNAM = first > ?
        LSTNAM = last > ?
        ADDR1 = street > street
        ADDR2 = line2 > street+
        CITYNM = city > ?
        STCD = state > ?
        ZIPCD = zip > postcode
        TELNO = phone > phone
        EMAILADDR = email > email
        BRTHDT = born > ?
        """),
    Export("hotel guests", """
        Reservation Number = id > key
        Guest First Name = first > first_name
        Guest Last Name = last > last_name
        Guest Email = email > email
        Guest Phone = phone > phone
        Nationality = country >
        Arrival Date = born >
        Departure Date = born >
        Date of Birth = born > date_of_birth
        Passport No. = code > id:passport_number
        Address = street > street
        City = city > city
        Agent = text >
        """),
    Export("BigCommerce customers", """
        Customer ID = id > key
        Company Name = company > company
        First Name = first > first_name
        Last Name = last > last_name
        Email = email > email
        Phone = phone > phone
        Notes = text >
        Store Credit = money >
        Customer Group = word >
        Date Joined = at > observed_at
        Address ID - 1 = id2 >
        Address First Name - 1 = first >
        Address Last Name - 1 = last >
        Address Company - 1 = company >
        Address Line 1 - 1 = street > street
        Address Line 2 - 1 = line2 > street+
        City/Suburb - 1 = city > city
        State/Province - 1 = state > region
        Zip/Postcode - 1 = zip > postcode
        Country - 1 = country > country
        Address Phone - 1 = phone2 > phone
        Receive ACS/Review Emails = yes >
        """),
    Export("Squarespace profiles", """
        Email = email > key email
        First Name = first > first_name
        Last Name = last > last_name
        Shipping Address Name = full >
        Shipping Address 1 = street > street
        Shipping Address 2 = line2 > street+
        Shipping City = city > city
        Shipping Province/State = state > region
        Shipping Zip = zip > postcode
        Shipping Country = country > country
        Shipping Phone Number = phone > phone
        Subscriber Since = then > ?
        Subscriber Source = text >
        Accepts Marketing = yes >
        Order Count = count >
        Total Spend = money >
        Created On = at > observed_at
        """),
    Export("Zoho contacts", """
        Record Id = code > key
        Contact Owner.id = same >
        Contact Owner = full >
        Lead Source = text >
        First Name = first > first_name
        Last Name = last > last_name
        Account Name.id = same >
        Account Name = company > company
        Email = email > email
        Secondary Email = email2 > email
        Title = title > job_title
        Phone = phone > phone
        Mobile = phone2 > phone
        Home Phone = none > phone
        Fax = phone2 >
        Date of Birth = born > date_of_birth
        Assistant = full >
        Asst Phone = phone2 >
        Email Opt Out = true >
        Skype ID = none >
        Created By = full >
        Created Time = then >
        Modified Time = at > observed_at
        Mailing Street = street > street
        Mailing City = city > city
        Mailing State = state > region
        Mailing Zip = zip > postcode
        Mailing Country = country > country
        """),
    Export("church giving", """
        Envelope Number = id2 >
        Donor ID = id > key
        Household ID = same >
        Household Name = last >
        Goes By Name = first >
        Given Name = first > first_name
        Family Name = last > last_name
        Home Phone = phone > phone
        Cell Phone = phone2 > phone
        Preferred E-mail = email > email
        Street 1 = street > street
        Street 2 = line2 > street+
        City = city > city
        State = state > region
        Zip Code = zip > postcode
        Birth Date = born_us > date_of_birth
        Baptism Date = born_us >
        Spouse Name = first >
        Spouse Email = email2 >
        Member Status = word >
        """),
    Export("library users", """
        USER_ID = code > key
        BARCODE = id2 >
        USER_NAME_LAST = last > last_name
        USER_NAME_FIRST = first > first_name
        BIRTH_DATE = born > date_of_birth
        USER_ADDR1_STREET = street > street
        USER_ADDR1_CITY = city > city
        USER_ADDR1_POSTCODE = zip > postcode
        USER_ADDR1_EMAIL = email > email
        USER_ADDR1_PHONE = phone > phone
        USER_LIBRARY = text >
        USER_STATUS = word >
        LAST_ACTIVITY_DATE = at >
        """),
    Export("bank customers", """
        CIF_NO = id > key
        CUST_FULL_NM = full > ?
        DT_OF_BIRTH = born > date_of_birth
        GENDER_CD = sex > sex
        RES_ADDR_LN1 = street > street
        RES_ADDR_LN2 = line2 > street+
        RES_CITY = city > city
        RES_POSTAL_CD = zip > postcode
        RES_CTRY = country > ?
        MOBILE_NO = phone > phone
        EMAIL_ID = email > email
        BRANCH_CODE = same >
        ACCT_OPEN_DT = then > ?
        """),
    Export("insurance policies", """
        Policy Number = id > key
        Policyholder First Name = first > first_name
        Policyholder Last Name = last > last_name
        Insured DOB = born_us > date_of_birth
        Risk Address Line 1 = street > ?
        Risk City = city > ?
        Risk ZIP = zip > ?
        Agent Name = full >
        Agent Email = staff >
        Policyholder Email = email > email
        Policyholder Phone = phone > phone
        Premium = money >
        Effective Date = then >
        Beneficiary Name = full >
        """),
    Export("job applicants", """
        Application ID = id > key
        Candidate Name = full > full_name
        Candidate Email = email > email
        Candidate Phone = phone > phone
        Current Company = company > company
        Current Title = title > job_title
        Job ID = same >
        Recruiter = full >
        Recruiter Email = staff >
        Applied On = at > observed_at
        Source = text >
        """),
    Export("German dentists' patients", """
        PatNr = id > key
        Titel = none >
        Vorname = first > first_name
        Name = last > last_name
        GebDatum = born_eu > date_of_birth
        Geschlecht = sex > sex
        Strasse = street_name > street
        HausNr = number > street+
        Plz = zip > postcode
        Ort = city > city
        TelPrivat = phone > phone
        TelMobil = phone2 > phone
        eMail = email > email
        Krankenkasse = text >
        VersichertenNr = code >
        """, delimiter=";"),
    Export("Spanish members", """
        Nº socio = id > key
        Nombre y apellidos = full > full_name
        DNI/NIE = code > id:national_id
        Fecha nac. = born_uk > date_of_birth
        Dirección = street > street
        C.P. = zip > postcode
        Municipio = city > city
        Tel. = phone > phone
        Móvil = phone2 > phone
        E-mail = email > email
        Consentimiento LOPD = yes >
        Fecha de alta = born_uk > ?
        """, delimiter=";"),
    Export("French donors", """
        N° donateur = id > key
        Civilité = mr >
        NOM = last > last_name
        PRENOM = first > first_name
        ADRESSE = street > street
        COMPLEMENT_ADRESSE = line2 > street+
        CODE_POSTAL = zip > postcode
        VILLE = city > city
        TEL_FIXE = phone > phone
        TEL_PORTABLE = phone2 > phone
        EMAIL = email > email
        MONTANT_DERNIER_DON = money >
        DATE_DERNIER_DON = born >
        """, delimiter=";"),
    Export("Teams attendance", """
        Full Name = full > full_name
        First Join = at_us > observed_at
        Last Leave = at_us >
        In-Meeting Duration = text >
        Email = email > email
        Participant ID (UPN) = email >
        Role = word >
        """, kind="activities", happened="attended"),
    Export("Segment identify calls", """
        id = code > key
        user_id = id2 >
        anonymous_id = uuid > id:cookie_id
        received_at = at >
        email = email > email
        first_name = first > first_name
        last_name = last > last_name
        context_ip = ip >
        context_page_url = url >
        context_campaign_name = text >
        timestamp = at > observed_at
        """),
    Export("property register", """
        PARCEL_ID = code > key
        OWNER_NAME = full > ?
        SITUS_HOUSE_NO = number > ?
        SITUS_STREET = street_name > ?
        MAIL_ADDRESS = street > street
        MAIL_CITY = city > city
        MAIL_STATE = state > region
        MAIL_ZIP = zip > postcode
        SALE_PRICE = money >
        SALE_DATE = then >
        LATITUDE = lat >
        """),
    Export("Lightspeed customers", """
        customer_code = code > key
        company_name = company > company
        first_name = first > first_name
        last_name = last > last_name
        customer_group_name = word >
        email = email > email
        phone = phone > phone
        mobile = phone2 > phone
        physical_address_1 = street > street
        physical_address_2 = line2 > street+
        physical_city = city > city
        physical_postcode = zip > postcode
        physical_state = state > region
        physical_country_id = country > country
        postal_address_1 = street > ?
        postal_city = city > ?
        enable_loyalty = true >
        loyalty_balance = money >
        date_of_birth = born > date_of_birth
        sex = sex > sex
        do_not_email = true >
        note = text >
        """),
    Export("Patreon members", """
        Name = full > full_name
        Email = email > email
        Patron Status = word >
        Follows You = yes >
        Lifetime Amount = money >
        Pledge Amount = money >
        Tier = word >
        Addressee = full >
        Street = street > street
        City = city > city
        State = state > region
        Zip = zip > postcode
        Country = country > country
        Phone = phone > phone
        Patronage Since Date = then > ?
        User ID = id > key
        Last Updated = at > observed_at
        """),
    Export("gym members", """
        Member # = id > key
        First = first > first_name
        Last = last > last_name
        Cell # = phone > phone
        Home # = phone2 > ?
        E-Mail = email > email
        DOB = born_us > date_of_birth
        M/F = sex > ?
        Emergency Contact = full >
        Emergency Phone # = phone2 >
        Street Address = street > street
        Apt/Suite = flat > street+
        City = city > city
        ST = state > ?
        ZIP = zip > postcode
        Plan = word >
        Join Date = then > ?
        """),
    Export("Marketo leads", """
        id = id > key
        firstName = first > first_name
        lastName = last > last_name
        middleName = middle > middle_name
        email = email > email
        company = company > company
        title = title > job_title
        address = street > street
        city = city > city
        state = state > region
        postalCode = zip > postcode
        country = country > country
        phone = phone > phone
        mobilePhone = phone2 > phone
        mainPhone = phone2 > ?
        unsubscribed = true >
        emailInvalid = true >
        leadSource = text >
        leadScore = count >
        inferredCity = city >
        inferredCompany = company >
        originalReferrer = url >
        createdAt = then >
        updatedAt = at > observed_at
        cookies = none > ?
        """),
    Export("NationBuilder people", """
        nationbuilder_id = id > key
        prefix = mr >
        first_name = first > first_name
        middle_name = middle > middle_name
        last_name = last > last_name
        suffix = suffix > name_suffix
        email1 = email > email
        email1_is_bad = true >
        email2 = email2 > email
        email_opt_in = true >
        phone_number = phone > phone
        mobile_number = phone2 > phone
        do_not_call = true >
        primary_address1 = street > street
        primary_address2 = line2 > street+
        primary_city = city > city
        primary_state = state > region
        primary_zip = zip > postcode
        primary_country_code = country > country
        mailing_address1 = street > street
        mailing_city = city > city
        mailing_zip = zip > postcode
        employer = company > company
        occupation = title > job_title
        born_at = born_us > ?
        recruiter_id = same >
        parent_id = same >
        support_level = count >
        created_at = then >
        updated_at = at > observed_at
        """),
    Export("a Swiss association", """
        Mitglied-Nr. = id > key
        Anrede = anrede >
        Name/Vorname = full > ?
        Strasse/Nr. = street > street
        Postleitzahl/Ort = text >
        Telefon P = phone > phone
        Telefon G = phone2 > phone
        Natel = phone2 > ?
        E-Mail privat = email > email
        Eintrittsdatum = born_eu >
        Geb.-Datum = born_eu > date_of_birth
        """, delimiter=";"),
    Export("French CRM", """
        ID contact = id > key
        Raison sociale = company > company
        Nom du contact = last > ?
        Prénom du contact = first > first_name
        Fonction = title > job_title
        Adresse ligne 1 = street > street
        Adresse ligne 2 = line2 > street+
        CP = zip > postcode
        Ville = city > city
        Tél. fixe = phone > phone
        Tél. mobile = phone2 > phone
        Adresse e-mail = email > email
        Commercial = full >
        Date de création = born_uk > ?
        Consentement RGPD = yes >
        """, delimiter=";"),
    Export("Spanish webinar", """
        Nombre = first > first_name
        Apellidos = last > last_name
        Correo = email > key email
        Empresa = company > company
        Cargo = title > job_title
        Teléfono = phone > phone
        Hora de registro = at > ?
        Asistió = yes > ?
        """),
    Export("Polish CRM", """
        ID klienta = id > key
        Imię i nazwisko = full > full_name
        Nazwa firmy = company > company
        Stanowisko = title > job_title
        Telefon komórkowy = phone > phone
        E-mail = email > email
        Opiekun = full >
        E-mail opiekuna = staff >
        Ulica i nr domu = street > street
        Kod = kod > postcode
        Miasto = city > city
        Województwo = county > region
        Zgoda RODO = yes >
        Data modyfikacji = at > observed_at
        """, delimiter=";"),
    Export("lab results", """
        PAT_ID = id > key
        PAT_NAME = full > full_name
        PAT_DOB = born > date_of_birth
        PAT_SEX = sex > sex
        PAT_ADDRESS = street > street
        PAT_CITY = city > city
        PAT_ZIP = zip > postcode
        PAT_PHONE = phone > phone
        ORDERING_PROVIDER = full >
        PROVIDER_PHONE = phone2 >
        SPECIMEN_DATE = then >
        TEST_NAME = text >
        RESULT = text >
        """),
    Export("a choir's list", """
        No = id > key
        First = first > first_name
        Last = last > last_name
        Day = day > date_of_birth
        Month = month > date_of_birth+
        Year = year > date_of_birth+
        Street = street > street
        Town = city > city
        PC = zip > postcode
        """),
    Export("a Dutch club", """
        id = id > key
        achternaam = last > last_name
        voornaam = first > first_name
        straat = street > street
        pc = postcode_nl > postcode
        woonplaats = city > city
        year = year > date_of_birth
        month = month > date_of_birth+
        day = day > date_of_birth+
        """, delimiter=";"),
    Export("visits with a day in parts", """
        id = id > key
        name = full > full_name
        day = day >
        month = month >
        year = year_of_event >
        """),
    Export("a day in parts beside a day of birth", """
        id = id > key
        name = full > full_name
        born = born > date_of_birth
        day = day >
        month = month >
        year = year >
        """),
    Export("a day in parts of nobody", """
        id = id > key
        email = email > email
        day = day >
        month = month >
        year = year >
        """),
    Export("computers of people", """
        id = id > key
        name = full > full_name
        pc = id2 >
        email = email > email
        """),
    Export("computers at places", """
        id = id > key
        name = full > full_name
        city = city > city
        pc = id2 >
        """),
    Export("names and dates", """
        id = id > key
        name = full > full_name
        date = born_uk >
        phone = phone > phone
        """),
    Export("names and dates, and when they were changed", """
        id = id > key
        name = full > full_name
        Date = born >
        updated = at > observed_at
        """),
    Export("names and dates of contact", """
        id = id > key
        name = full > full_name
        date = then > observed_at
        """),
    Export("names, births and dates", """
        id = id > key
        name = full > full_name
        dob = born > date_of_birth
        date = born > observed_at
        """),
)  # fmt: skip
