"""Links in mails that went to somebody before we knew who they were still work for whom they turned out to be."""

from lifeloop.work.merging import merge


def test_a_link_in_a_mail_to_the_former_customer_ends_the_topic_for_whom_they_are(recipients):
    shop = recipients()
    mail = shop.mail("anon:1", email="ana@example.com")
    shop.mail("ana")
    with shop.space.store.transaction() as tx:
        merge(shop.space, tx, "anon:1", "ana", shop.clock.now())

    answer = shop.client.request("POST", shop.link(mail, "u"), data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert shop.said("ana")[0] == {"news": False}
