"""What a key may be allowed to do, a word and a sentence each."""

SCOPES = {
    "leads:write": "Submit leads, decide pending sales, return and convert.",
    "leads:read": "Read leads, sales, decisions and returns, and simulate.",
    "buyers:write": "Change buyers, contracts, campaigns, lead types and sources.",
    "buyers:read": "Read buyers, contracts, campaigns, lead types and sources.",
    "billing:write": "Deposit into wallets.",
    "billing:read": "Read wallets and journals.",
    "webhooks:write": "Change webhook endpoints, retry and replay messages.",
    "webhooks:read": "Read webhook endpoints, messages and dead letters.",
    "reports:read": "Read reports.",
    "keys:write": "Create, rotate and revoke API keys, and read the audit trail.",
}
ALL_SCOPES = tuple(SCOPES)
