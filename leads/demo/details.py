"""What people tell about their case, by campaign: the fields of each lead type with likely values."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from leads.demo.bidders import AUCTION

Fields = dict[str, Any]
CREDIT = ("excellent", "good", "good", "fair", "poor")
CARS = (("Toyota", "Camry"), ("Ford", "F-150"), ("Honda", "Civic"), ("Chevrolet", "Equinox"), ("Tesla", "Model 3"))


def _accident(dice: Random, at: datetime) -> Fields:
    return {
        "case_type": "auto_accident",
        "injury_severity": dice.choice(("minor", "moderate", "moderate", "severe")),
        "accident_date": (at - timedelta(days=dice.randrange(1, 300))).date().isoformat(),
        "treatment": dice.choice(("none", "emergency_room", "ongoing")),
        "at_fault": dice.random() < 0.1,
        "has_attorney": dice.random() < 0.12,
        "police_report": dice.random() < 0.8,
        "description": dice.choice(("Rear-ended at a light.", "Hit by a truck on the interstate.", "Side impact.")),
    }


def _solar(dice: Random, at: datetime) -> Fields:
    return {
        "homeowner": dice.random() < 0.9,
        "monthly_bill": dice.randrange(70, 420, 10),
        "roof_type": dice.choice(("asphalt", "tile", "metal", "flat")),
        "roof_shade": dice.choice(("none", "none", "partial", "full")),
        "credit": dice.choice(CREDIT),
        "utility": dice.choice(("Oncor", "PG&E", "APS", "Duke Energy", "ComEd")),
    }


def _mortgage(dice: Random, at: datetime) -> Fields:
    value = dice.randrange(180_000, 1_200_000, 5_000)
    return {
        "purpose": dice.choice(("purchase", "refinance", "cash_out")),
        "property_value": value,
        "loan_amount": int(value * dice.choice((0.5, 0.65, 0.8))),
        "credit": dice.choice(CREDIT),
        "property_use": dice.choice(("primary", "primary", "second_home", "investment")),
        "veteran": dice.random() < 0.2,
        "annual_income": dice.randrange(48_000, 240_000, 1_000),
    }


def _insurance(dice: Random, at: datetime) -> Fields:
    make, model = dice.choice(CARS)
    return {
        "birth_date": f"{dice.randrange(1950, 2004)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}",
        "vehicle_year": dice.randrange(2003, 2026),
        "vehicle_make": make,
        "vehicle_model": model,
        "insured_now": dice.random() < 0.7,
        "current_carrier": dice.choice(("Granite", "Northstar", "Blue Ridge", "none")),
        "drivers": dice.randrange(1, 5),
        "accidents_3y": dice.choice((0, 0, 0, 1, 1, 2)),
    }


def _services(dice: Random, at: datetime) -> Fields:
    return {
        "service": dice.choice(("roofing", "roofing", "hvac", "plumbing", "windows")),
        "project": dice.choice(("repair", "replace", "install")),
        "timeframe": dice.choice(("now", "one_month", "three_months", "planning")),
        "homeowner": dice.random() < 0.85,
        "details": dice.choice(("Leak above the kitchen.", "Unit is twenty years old.", "Hail damage last week.")),
    }


DETAILS: dict[str, Callable[[Random, datetime], Fields]] = {
    "auto-accident": _accident,
    "home-solar": _solar,
    "mortgage": _mortgage,
    "auto-insurance": _insurance,
    "home-services": _services,
    AUCTION: _insurance,
}
"""How a lead's details are made, by the slug of its campaign."""
