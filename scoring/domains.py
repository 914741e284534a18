"""What an e-mail address says about itself: free mailbox, company, school, office, role, or thrown away after use.

The lists are short on purpose: the domains that make up most of what forms see. Everything unknown is a company's.
"""

from typing import Final

FREE: Final = frozenset(
    """
    gmail.com googlemail.com yahoo.com ymail.com rocketmail.com aol.com hotmail.com outlook.com live.com msn.com
    icloud.com me.com mac.com comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net
    spectrum.net earthlink.net frontier.com juno.com netzero.net windstream.net centurylink.net optonline.net
    roadrunner.com rr.com tds.net proton.me protonmail.com pm.me gmx.com gmx.us mail.com zoho.com fastmail.com
    hey.com tutanota.com duck.com yahoo.es yahoo.com.mx hotmail.es outlook.es hotmail.co.uk yahoo.co.uk
    """.split()  # noqa: SIM905 - a list of words reads best as words
)

DISPOSABLE: Final = frozenset(
    """
    mailinator.com guerrillamail.com guerrillamail.net guerrillamail.org sharklasers.com grr.la 10minutemail.com
    10minutemail.net temp-mail.org tempmail.com tempmail.net tempmailo.com tempail.com tmpmail.org throwawaymail.com
    yopmail.com yopmail.fr yopmail.net getnada.com nada.email maildrop.cc mailnesia.com mintemail.com trashmail.com
    trashmail.de dispostable.com fakeinbox.com fakemailgenerator.com mailcatch.com mohmal.com moakt.com
    emailondeck.com spamgourmet.com spam4.me mytemp.email burnermail.io discard.email inboxkitten.com 1secmail.com
    1secmail.net 33mail.com mailsac.com mail-temp.com tempr.email anonaddy.me dropmail.me harakirimail.com
    incognitomail.org
    """.split()  # noqa: SIM905 - a list of words reads best as words
)

ROLES: Final = frozenset(
    """
    abuse admin administrator billing contact enquiries help hello hostmaster hr info inquiries jobs legal mail
    marketing newsletter no-reply noreply office postmaster privacy root sales security service spam support team
    test tester webmaster
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


def email_class(local: str, domain: str) -> str:
    """The class of an address given in two halves, lower case; the most telling class wins."""
    if domain in DISPOSABLE:
        return "disposable"
    if local in ROLES:
        return "role"
    if domain in FREE:
        return "free"
    if domain.endswith(".edu"):
        return "education"
    return "government" if domain.endswith((".gov", ".mil")) else "corporate"
