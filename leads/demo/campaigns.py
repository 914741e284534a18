"""The demo agency's six markets, one of them a live auction, and the five sources that fill them."""

from typing import Any

from leads.demo.bidders import CAMPAIGN as LIVE_AUCTION

Document = dict[str, Any]

CAMPAIGNS: tuple[Document, ...] = (
    {
        "name": "Auto accident, nationwide",
        "slug": "auto-accident",
        "lead_type": "auto_accident",
        "method": "waterfall",
        "floor_price": 60,
        "consent_required": True,
        "consent_max_age_days": 30,
        "dedupe_days": 90,
    },
    {
        "name": "Home solar",
        "slug": "home-solar",
        "lead_type": "home_solar",
        "method": "round_robin",
        "dedupe_days": 60,
        "caps": [{"window": "day", "unit": "leads", "limit": 150}],
    },
    {
        "name": "Mortgage, shared by up to three",
        "slug": "mortgage",
        "lead_type": "mortgage",
        "method": "weighted",
        "max_sales": 3,
        "consent_required": True,
        "consent_max_age_days": 30,
    },
    {
        "name": "Auto insurance quotes",
        "slug": "auto-insurance",
        "lead_type": "auto_insurance",
        "method": "weighted",
        "floor_price": 8,
        "dedupe_scope": "agency",
    },
    {
        "name": "Home services",
        "slug": "home-services",
        "lead_type": "home_services",
        "method": "round_robin",
        "max_sales": 2,
        "dedupe_days": 14,
        "refuse_invalid_phone": True,
    },
    LIVE_AUCTION,
)

# Payouts as the API takes them: dollars where fixed, percent of the price where percent.
SOURCES: tuple[Document, ...] = (
    {"name": "Own forms, Google Ads", "slug": "google_ads", "payout": {"kind": "none"}},
    {
        "name": "ClaimConnect Media",
        "slug": "claim_connect",
        "payout": {"kind": "percent", "value": 55},
        "default_campaign_id": "auto-accident",
    },
    {
        "name": "SunQuote Partners",
        "slug": "sun_quote",
        "payout": {"kind": "fixed", "value": 28.00},
        "default_campaign_id": "home-solar",
        "caps": [{"window": "day", "unit": "leads", "limit": 60, "weekdays": {"sat": 30, "sun": 30}}],
    },
    {
        "name": "RateFinder Affiliates",
        "slug": "rate_finder",
        "payout": {"kind": "percent", "value": 50},
        "default_campaign_id": "mortgage",
    },
    {
        "name": "HomeMatch Publishers",
        "slug": "home_match",
        "payout": {"kind": "percent", "value": 60},
        "default_campaign_id": "home-services",
        "caps": [{"window": "month", "unit": "money", "limit": 4000}],
    },
)
