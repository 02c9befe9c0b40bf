"""The settings of rate limits: `AUTH_THROTTLE_LOGIN="5/minute; 30/hour"`, or `off` for no limit."""

from pydantic import BaseModel

from dovetail.api.throttling.rates import Rates, parse_rates


class LimitSettings(BaseModel):
    """Rates of logins, registrations, resets and verifications; docs/accounts.md explains each."""

    # Wrong passwords for one account from one network; counted for each network that it has logged in from.
    throttle_login: Rates = parse_rates("5/minute; 30/hour")
    throttle_login_network: Rates = parse_rates("60/minute; 600/hour")  # all logins from one network
    # Wrong passwords for one account from all networks together that it never logged in from. NIST SP 800-63B-4,
    # section 3.2.2, allows a hundred in a row.
    throttle_login_account: Rates = parse_rates("30/hour; 100/day")
    throttle_login_password: Rates = parse_rates("50/hour")  # wrong logins with one password, for any account
    throttle_factor: Rates = parse_rates("5/minute; 30/hour")  # wrong second factors and proofs of one account
    throttle_register: Rates = parse_rates("60/hour")  # this and the following are counted by network
    throttle_reset: Rates = parse_rates("20/hour")
    throttle_verify: Rates = parse_rates("20/hour")
    throttle_token: Rates = parse_rates("60/hour")  # attempts with tokens from e-mails
