"""The page: looking up, deciding and correcting; whom it refuses; what never stands in a URL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cdp_assets.steward.page import steward_app
from cdp_assets.steward.page_words import why_review
from cdp_assets.tables import CUSTOMERS, GOLDEN_EMAILS
from cdp_assets.workspace import Workspace
from cdp_assets_tests.builders import (
    DEAD_EMAIL,
    FORMER,
    INES,
    INEZ,
    LIVE_EMAIL,
    PERSONAL_VALUES,
    RESOLVED_AT,
    TOM,
    empty_workspace,
)
from cdp_assets_tests.steward.browser import Answer, Browser


def visit(workspace: Workspace, host: str = "localhost:3010", **options: list[str]) -> Browser:
    return Browser(steward_app(workspace, steward="kim", known_hosts=options.get("known_hosts", [])), host).open()


@pytest.fixture
def browser(linked: Workspace) -> Browser:
    return visit(linked)


def links(answer: Answer) -> list[str]:
    return re.findall(r'(?:href|action)="([^"]*)"', answer.text)


# -- looking up -------------------------------------------------------------------------------------------------------


def test_the_first_page_shows_the_most_urgent_review_items(browser: Browser) -> None:
    page = browser.get("/")
    assert page.status == 200
    assert page.text.index("Inez Kalder") < page.text.index("Tom Calder")
    assert "<dd>4</dd>" in page.text


@pytest.mark.parametrize("enquiry", ["ines@calder.example", "crm/1", "ines calder", INES, FORMER, "07700 900456"])
def test_an_enquiry_that_means_one_customer_leads_there(browser: Browser, enquiry: str) -> None:
    answer = browser.post("/find", {"enquiry": enquiry})
    assert (answer.status, answer.headers["location"]) == (303, f"/customers/{INES}")


def test_an_enquiry_that_means_several_lists_them(browser: Browser) -> None:
    answer = browser.post("/find", {"enquiry": "calder"})
    assert answer.status == 200
    assert f"/customers/{INES}" in links(answer)
    assert f"/customers/{TOM}" in links(answer)


def test_an_enquiry_that_means_nobody_says_so_without_repeating_it(browser: Browser) -> None:
    answer = browser.post("/find", {"enquiry": "nobody.known@calder.example"})
    assert answer.status == 404
    assert "no customer has that e-mail address" in answer.text
    assert "nobody.known" not in answer.text


def test_a_dossier_shows_every_part(browser: Browser) -> None:
    text = browser.get(f"/customers/{INES}").text
    for said in ("Ines Calder", LIVE_EMAIL, DEAD_EMAIL, "+447700900456", "12 Larch Road", "withdrawn", "shop/77", "2 versions",
                 "attended a webinar", "no marketing e-mail", f"was {FORMER}", "best address"):  # fmt: skip
        assert said in text, said


def test_a_former_id_leads_to_the_current_customer(browser: Browser) -> None:
    answer = browser.get(f"/customers/{FORMER}")
    assert (answer.status, answer.headers["location"]) == (307, f"/customers/{INES}?former={FORMER}")
    assert f"{FORMER} is a former id" in browser.get(answer.headers["location"]).text


def test_two_records_are_explained(browser: Browser) -> None:
    answer = browser.post("/why", {"record_l": "crm/1", "record_r": "crm/2"})
    assert answer.status == 200
    assert "Why they are two customers" in answer.text
    assert "as well explained by a shared household" in answer.text
    assert 'class="against"' in answer.text


def test_a_review_item_shows_both_sides_and_the_evidence(browser: Browser) -> None:
    text = browser.get("/review/item-1").text
    assert "Ines Calder" in text
    assert "Inez Kalder" in text
    assert "one slip" in text
    assert 'value="different"' in text


def test_values_are_escaped(own: Workspace) -> None:
    hostile = '<script>alert("x")</script>'
    for table, column in ((CUSTOMERS, "full_name"), (GOLDEN_EMAILS, "email")):
        rows = own.lake.read(table)
        own.lake.replace(table, rows.with_columns(rows[column].set(rows["customer_id"] == INES, hostile).alias(column)))
    for path in (f"/customers/{INES}", "/", "/review", "/review/item-1"):
        assert "<script" not in visit(own).get(path).text, path


def test_no_personal_value_stands_in_a_url(browser: Browser) -> None:
    pages = [browser.get(path) for path in ("/", "/review", f"/customers/{INES}", "/review/item-1")]
    pages += [
        browser.post("/find", {"enquiry": "calder"}),
        browser.post("/why", {"record_l": "crm/1", "record_r": "crm/3"}),
    ]
    for page in pages:
        assert page.status == 200
        for link in links(page):
            assert not any(value in link for value in (*PERSONAL_VALUES, "crm/", "%")), link


def test_nothing_is_asked_of_another_site_and_no_script_is_used(browser: Browser) -> None:
    for path in ("/", "/review", f"/customers/{INES}", "/review/item-1"):
        text = browser.get(path).text
        assert "<script" not in text
        assert not re.search(r"https?://|style=", text)
    style = browser.get("/style.css")
    assert (style.status, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_before_the_first_resolution_every_page_says_what_to_run(tmp_path: Path) -> None:
    browser = visit(empty_workspace(tmp_path / "w"))
    assert "cdp run" in browser.get("/").text
    assert "Nothing to review" in browser.get("/review").text
    assert "cdp run" in browser.post("/find", {"enquiry": "crm/1"}).text
    assert browser.get(f"/customers/{INES}").status == 404


# -- deciding ---------------------------------------------------------------------------------------------------------


def test_a_judgement_goes_to_the_ledger(own: Workspace) -> None:
    fields = {
        "record_l": "crm/1",
        "record_r": "crm/3",
        "judgement": "different",
        "reason": "asked her",
        "back": "/review",
    }
    browser = visit(own)
    answer = browser.post("/judge", fields)
    assert (answer.status, answer.headers["location"]) == (303, "/review?done=judged")
    kept = own.ledger.judgements().row(0, named=True)
    assert (kept["judgement"], kept["judged_by"], kept["reason"]) == ("different", "kim", "asked her")
    after = browser.get(answer.headers["location"]).text
    assert "Judged. It holds from the next resolution on." in after
    assert "judged different by kim" in after
    assert "1 decision waits" in after
    assert after.index("Tom Calder") < after.index("Inez Kalder"), "what has been judged goes to the end"


def test_a_contradiction_is_refused_with_its_chain(own: Workspace) -> None:
    own.ledger.add_judgement("crm/1", "crm/2", "same", judged_by="kim", now=RESOLVED_AT)
    own.ledger.add_judgement("crm/2", "crm/3", "different", judged_by="kim", now=RESOLVED_AT)
    answer = visit(own).post("/judge", {"record_l": "crm/1", "record_r": "crm/3", "judgement": "same", "reason": "x"})
    assert answer.status == 409
    assert "contradicts" in answer.text
    assert answer.text.count("<li><code>crm/") == 3
    assert own.ledger.judgements().height == 2


def test_ticked_records_are_taken_apart_from_the_customer(own: Workspace) -> None:
    browser, place = visit(own), f"/customers/{INES}"
    assert "Take apart" in browser.get(place).text
    fields = {"customer_id": INES, "part:shop/77": "yes", "part:web/v1": "yes", "reason": "her sister", "back": place}
    answer = browser.post("/split", fields)
    assert (answer.status, answer.headers["location"]) == (303, f"{place}?done=judged")
    kept = own.ledger.judgements()
    assert ("shop/77", "web/v1", "same") in kept.select("record_id_l", "record_id_r", "judgement").rows()
    assert kept["judgement"].value_counts().sort("judgement").rows() == [("different", 3), ("same", 1)]
    assert browser.post("/split", {"customer_id": INES, "back": place}).status == 400


def test_a_customer_is_pinned_and_let_go(own: Workspace) -> None:
    browser, place = visit(own), f"/customers/{INES}"
    assert browser.post("/pin", {"customer_id": INES, "pin": "yes", "back": place}).status == 303
    assert "Pinned: no record joins or leaves" in browser.get(place).text
    assert "Take apart" not in browser.get(place).text
    assert browser.post("/pin", {"customer_id": INES, "pin": "no", "back": place}).status == 303
    assert "Pinned:" not in browser.get(place).text


def test_an_undoing_that_can_not_be_done_says_why(own: Workspace) -> None:
    answer = visit(own).post("/split", {"former_id": FORMER})
    assert answer.status == 404
    assert "cdp split" in answer.text


def test_a_value_is_set_on_the_record_that_says_the_old_one(own: Workspace) -> None:
    fields = {
        "customer_id": INES,
        "field": "city",
        "current": "Leeds",
        "value": "York",
        "correction": "set",
        "back": f"/customers/{INES}",
    }
    answer = visit(own).post("/correct", fields)
    assert answer.headers["location"] == f"/customers/{INES}?done=corrected"
    kept = own.ledger.corrections().row(0, named=True)
    assert (kept["record_id"], kept["field"], kept["value"], kept["correction"]) == ("shop/77", "city", "York", "set")


def test_an_address_that_is_not_theirs_is_retracted_and_shown_so(own: Workspace) -> None:
    browser = visit(own)
    browser.post("/correct", {"customer_id": INES, "field": "email", "current": DEAD_EMAIL, "correction": "retract"})
    kept = own.ledger.corrections().row(0, named=True)
    assert (kept["record_id"], kept["value"], kept["correction"]) == ("newsletter/n1", DEAD_EMAIL, "retract")
    assert '<span class="chip bad">retracted</span>' in browser.get(f"/customers/{INES}").text


def test_a_correction_that_makes_no_sense_is_refused(own: Workspace) -> None:
    answer = visit(own).post(
        "/correct", {"customer_id": INES, "field": "records", "current": "5", "value": "6", "correction": "set"}
    )
    assert answer.status == 400
    assert "only these fields" in answer.text
    assert own.ledger.corrections().is_empty()


@pytest.mark.parametrize(
    "back", ["//elsewhere.example", "https://elsewhere.example", "/review/../x", "javascript:1", "/\\x"]
)
def test_the_way_back_never_leads_elsewhere(own: Workspace, back: str) -> None:
    fields = {"record_l": "crm/1", "record_r": "crm/3", "judgement": "undecided", "reason": "x", "back": back}
    assert visit(own).post("/judge", fields).headers["location"] == "/?done=judged"


# -- whom it refuses --------------------------------------------------------------------------------------------------

DECISION = {"record_l": "crm/1", "record_r": "crm/3", "judgement": "same", "reason": "x"}


def refused(answer: Answer, workspace: Workspace) -> bool:
    return answer.status == 403 and workspace.ledger.judgements().is_empty()


def test_a_form_without_a_token_is_refused(own: Workspace) -> None:
    assert refused(visit(own).post("/judge", DECISION, token=False), own)
    assert refused(visit(own).post("/find", {"enquiry": "crm/1"}, token=False), own)


def test_a_token_of_another_browser_is_refused(own: Workspace) -> None:
    app = steward_app(own, steward="kim", known_hosts=[])
    one, other = Browser(app).open(), Browser(app).open()
    one.token = other.token
    assert refused(one.post("/judge", DECISION), own)


def test_a_token_without_its_cookie_is_refused(own: Workspace) -> None:
    browser = visit(own)
    browser.cookies.clear()
    assert refused(browser.post("/judge", DECISION), own)


def test_a_form_from_another_site_is_refused(own: Workspace) -> None:
    assert refused(visit(own).post("/judge", DECISION, origin="http://elsewhere.example"), own)
    assert refused(visit(own).post("/judge", DECISION, origin="null"), own)
    assert visit(own).post("/judge", DECISION, origin="http://localhost:3010").status == 303


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a" * 70_000, b"&".join(b"f%d=1" % n for n in range(50))])
def test_what_is_no_form_is_refused(linked: Workspace, body: bytes) -> None:
    browser = visit(linked)
    assert browser._send("POST", "/judge", body, {}).status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3010", "", "[", "10.0.0.9:3010"]
)
def test_a_name_that_is_not_its_own_is_refused(linked: Workspace, host: str) -> None:
    app = steward_app(linked, steward="kim", known_hosts=[])
    answer = Browser(app, host).get(f"/customers/{INES}")
    assert answer.status == 421
    assert not any(value in answer.text for value in PERSONAL_VALUES)


@pytest.mark.parametrize("host", ["localhost:3010", "127.0.0.1:3010", "[::1]:3010", "LOCALHOST", "cdp.intern.example"])
def test_its_own_names_are_answered(linked: Workspace, host: str) -> None:
    assert visit(linked, host, known_hosts=["cdp.intern.example"]).get("/").status == 200


def test_decisions_are_only_taken_by_post(own: Workspace) -> None:
    browser = visit(own)
    for path in ("/judge", "/correct", "/find", "/why"):
        assert browser.get(path).status == 405


def test_every_answer_is_protected(browser: Browser) -> None:
    for answer in (browser.get("/"), browser.get("/nothing"), browser.post("/judge", {}, token=False)):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(linked: Workspace) -> None:
    cookie = Browser(steward_app(linked, steward="kim", known_hosts=[])).get("/").headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_an_unforeseen_error_tells_its_kind_and_place_only(
    linked: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyError(LIVE_EMAIL)

    browser = visit(linked)
    monkeypatch.setattr("cdp_assets.steward.page.dossier", fail)
    answer = browser.get(f"/customers/{INES}")
    assert answer.status == 500
    assert "nobody foresaw" in answer.text
    told = answer.text + capsys.readouterr().err
    assert "unforeseen KeyError" in told
    assert not any(value in told for value in PERSONAL_VALUES)


@pytest.mark.parametrize(
    ("why", "customer_id_r", "said"),
    [
        ("near threshold", "C2", "close to the point"),
        ("fragile bridge", "C2", "keeps them apart"),
        ("fragile bridge", None, "holds two groups of records together"),
        ("conflict", "C2", "strong evidence against"),
        ("large cluster", None, "Uncommonly many"),
        ("something new", None, "Something new."),
    ],
)
def test_every_reason_for_review_is_a_sentence(why: str, customer_id_r: str | None, said: str) -> None:
    assert said in why_review({"why": why, "customer_id_r": customer_id_r})


def test_inez_is_nobody_else(browser: Browser) -> None:
    text = browser.get(f"/customers/{INEZ}").text
    assert "Inez Kalder" in text
    assert LIVE_EMAIL not in text
