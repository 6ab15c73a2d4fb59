"""``lifeloop doctor domain``: exit codes, and answers from a file."""

import json

import pytest

from lifeloop.channel import dns

ANSWERS = {
    "example.com TXT": ["v=spf1 -all"],
    "example.com MX": ["10 mail.example.com"],
    "_dmarc.example.com TXT": ["v=DMARC1; p=reject; rua=mailto:dmarc@example.com"],
}


def test_a_domain_from_a_file_of_answers(run, small, conforms):
    (small / "answers.json").write_text(json.dumps(ANSWERS))
    said = run("doctor", "domain", "example.com", "--from-file", "answers.json")
    assert (said.code, "SPF: one record" in said.out) == (0, True)
    told = conforms("doctor", run("doctor", "domain", "example.com", "--from-file", "answers.json", "--json").json)
    assert told["ok"]
    signed = run("doctor", "domain", "example.com", "--from-file", "answers.json", "--selector", "s1")
    assert (signed.code, "s1._domainkey.example.com holds no DKIM key" in signed.out) == (1, True)


def test_without_a_project_a_domain_can_be_checked_too(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answers.json").write_text(json.dumps(ANSWERS))
    assert run("doctor", "domain", "example.com", "--from-file", "answers.json").code == 0


def test_a_file_that_holds_something_else(run, small):
    for text in ("[]", "{", '{"a": "b"}', '{"a": [1]}'):
        (small / "answers.json").write_text(text)
        said = run("doctor", "domain", "example.com", "--from-file", "answers.json")
        assert (said.code, "does not hold answers" in said.err) == (2, True)
    assert run("doctor", "domain", "example.com", "--from-file", "gone.json").code == 2


@pytest.mark.usefixtures("small")
def test_when_nobody_can_be_asked_it_says_so(run, monkeypatch):
    def nobody():
        raise dns.Unasked("this machine does not say which name server it uses")

    monkeypatch.setattr(dns, "system_resolver", nobody)
    said = run("doctor", "domain", "example.com")
    assert (said.code, "nobody could be asked about example.com" in said.err) == (4, True)
