import pytest

from lifeloop.channel.secret import Secret, Unset, looked_up, secret


def test_a_secret_never_prints_itself():
    hidden = Secret("canary-123")

    assert "canary" not in f"{hidden} {hidden!r} {[hidden]}"
    assert hidden.reveal() == "canary-123"


def test_a_reference_is_looked_up_when_used():
    assert looked_up("env.CRM_URL", {"CRM_URL": " https://crm.example.com "}) == "https://crm.example.com"
    assert looked_up("https://crm.example.com", {}) == "https://crm.example.com"


@pytest.mark.parametrize("environ", [{}, {"CRM_TOKEN": ""}, {"CRM_TOKEN": "  "}])
def test_a_variable_that_is_missing_or_empty_is_named(environ):
    with pytest.raises(Unset, match="CRM_TOKEN is not set"):
        secret("env.CRM_TOKEN", environ)


def test_nothing_configured_is_no_secret():
    assert secret(None, {}) is None
