"""The demo agency's buyers: their wallets, and what each of them orders; those of the auction are in `bidders`.

`deposit` is what was wired in. A contract is a document of POST /v1/contracts with the campaign's slug under
"campaign"; it is delivered to the demo's receiver unless it says otherwise.
"""

from typing import Any

from leads.demo.bidders import BIDDERS

Document = dict[str, Any]
OFFICE = [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "20:00"}]


def _is(field: str, value: Any) -> Document:
    return {"field": field, "op": "eq", "value": value}


def _one_of(field: str, *values: str) -> Document:
    return {"field": field, "op": "in", "value": list(values)}


def _at_least(field: str, value: int) -> Document:
    return {"field": field, "op": "gte", "value": value}


LAW_FIRMS: tuple[Document, ...] = (
    {
        "name": "Lone Star Accident Attorneys",
        "slug": "lone-star",
        "timezone": "America/Chicago",
        "deposit": 6000,
        "contracts": [
            {
                "campaign": "auto-accident",
                "price": 225,
                "priority": 1,
                "min_score": 50,
                "filters": {
                    "all": [_one_of("injury_severity", "moderate", "severe"), _is("state", "TX")],
                    "none": [_is("has_attorney", True), _is("at_fault", True)],
                },
                "caps": [{"window": "day", "unit": "leads", "limit": 8, "weekdays": {"sat": 3, "sun": 3}}],
                "price_rules": [{"when": {"all": [_is("injury_severity", "severe")]}, "price": 310}],
            }
        ],
    },
    {
        "name": "Hartwell & Pierce Injury Law",
        "slug": "hartwell-pierce",
        "timezone": "America/Los_Angeles",
        "deposit": 2500,
        "contracts": [
            {
                "campaign": "auto-accident",
                "price": 190,
                "priority": 2,
                "filters": {"all": [_one_of("state", "CA", "NV", "AZ", "WA")], "none": [_is("has_attorney", True)]},
                "caps": [{"window": "week", "unit": "money", "limit": 5000}],
                "schedule": OFFICE,
            }
        ],
    },
    {
        "name": "Beacon Justice Group",
        "slug": "beacon-justice",
        "timezone": "America/New_York",
        "deposit": 1500,
        "credit_limit": 1000,
        "contracts": [
            {
                "campaign": "auto-accident",
                "price": 95,
                "priority": 3,
                "filters": {"none": [_is("has_attorney", True)]},
                "caps": [
                    {"window": "day", "unit": "leads", "limit": 25},
                    {"window": "hour", "unit": "leads", "limit": 20},
                ],
            }
        ],
    },
)
SOLAR_COMPANIES: tuple[Document, ...] = (
    {
        "name": "SunHarbor Solar",
        "slug": "sunharbor",
        "timezone": "America/Los_Angeles",
        "deposit": 3000,
        "contracts": [
            {
                "campaign": "home-solar",
                "price": 85,
                "filters": {
                    "all": [
                        _one_of("state", "CA", "AZ", "NV", "CO"),
                        _is("homeowner", True),
                        _at_least("monthly_bill", 120),
                    ],
                    "none": [_is("roof_shade", "full")],
                },
                "price_rules": [{"when": {"all": [_at_least("monthly_bill", 300)]}, "price": 110}],
            }
        ],
    },
    {
        "name": "BrightRoof Energy",
        "slug": "brightroof",
        "timezone": "America/New_York",
        "deposit": 4000,
        "contracts": [
            {
                "campaign": "home-solar",
                "price": 70,
                "filters": {"all": [_is("homeowner", True), _at_least("monthly_bill", 90)]},
                "caps": [{"window": "day", "unit": "leads", "limit": 18, "weekdays": {"sat": 12, "sun": 12}}],
            },
            {
                "campaign": "home-services",
                "price": 52,
                "sells": "both",
                "shared_price": 34,
                "filters": {"all": [_is("service", "roofing")]},
            },
        ],
    },
    {
        "name": "Prairie Sun Power",
        "slug": "prairie-sun",
        "timezone": "America/Chicago",
        "deposit": 900,
        "contracts": [
            {
                "campaign": "home-solar",
                "price": 62,
                "filters": {
                    "any": [
                        {"field": "zip", "op": "within", "value": {"zip": "75201", "miles": 120}},
                        {"field": "zip", "op": "within", "value": {"zip": "60601", "miles": 90}},
                    ]
                },
                "delivery": {"method": "portal"},
            }
        ],
    },
)
LENDERS: tuple[Document, ...] = (
    {
        "name": "Keystone Home Lending",
        "slug": "keystone",
        "timezone": "America/New_York",
        "deposit": 5000,
        "caps": [{"window": "month", "unit": "money", "limit": 20000}],
        "contracts": [
            {
                "campaign": "mortgage",
                "price": 95,
                "weight": 60,
                "sells": "both",
                "shared_price": 42,
                "filters": {
                    "all": [
                        _one_of("credit", "excellent", "good"),
                        {"field": "loan_amount", "op": "between", "value": [150_000, 1_500_000]},
                    ]
                },
            }
        ],
    },
    {
        "name": "Cardinal Mortgage Partners",
        "slug": "cardinal",
        "timezone": "America/Chicago",
        "deposit": 1200,
        "contracts": [
            {
                "campaign": "mortgage",
                "price": 80,
                "weight": 30,
                "sells": "shared",
                "shared_price": 38,
                "filters": {"all": [_one_of("purpose", "refinance", "cash_out")]},
            }
        ],
    },
    {
        "name": "FreedomPath Home Loans",
        "slug": "freedompath",
        "timezone": "America/Denver",
        "deposit": 1800,
        "contracts": [
            {
                "campaign": "mortgage",
                "price": 74,
                "weight": 20,
                "sells": "both",
                "shared_price": 36,
                "filters": {"any": [_is("veteran", True), _is("purpose", "purchase")]},
            }
        ],
    },
)
INSURERS_AND_TRADES: tuple[Document, ...] = (
    {
        "name": "Granite Mutual Agency",
        "slug": "granite-mutual",
        "timezone": "America/New_York",
        "deposit": 800,
        "contracts": [
            {
                "campaign": "auto-insurance",
                "price": 18,
                "weight": 70,
                "filters": {
                    "all": [
                        _at_least("vehicle_year", 2008),
                        {"field": "accidents_3y", "op": "lte", "value": 1},
                    ]
                },
                "caps": [{"window": "month", "unit": "money", "limit": 2000}],
            }
        ],
    },
    {
        "name": "Blue Ridge Insurance Brokers",
        "slug": "blue-ridge",
        "timezone": "America/New_York",
        "deposit": 90,  # lasts for six leads: then its contract loses for want of funds
        "contracts": [{"campaign": "auto-insurance", "price": 14, "weight": 30}],
    },
    {
        "name": "HomePro Network",
        "slug": "homepro",
        "timezone": "America/Phoenix",
        "deposit": 2200,
        "return_days": 10,
        "contracts": [
            {
                "campaign": "home-services",
                "price": 45,
                "sells": "both",
                "shared_price": 28,
                "filters": {"none": [_is("timeframe", "planning")]},
                "caps": [{"window": "day", "unit": "leads", "limit": 40}],
            }
        ],
    },
)
BUYERS = (*LAW_FIRMS, *SOLAR_COMPANIES, *LENDERS, *INSURERS_AND_TRADES, *BIDDERS)
