"""The five kinds of leads that the demo agency trades."""

from typing import Any

Document = dict[str, Any]


def _field(name: str, kind: str, **more: Any) -> Document:
    return {"name": name, "type": kind, **more}


def _choice(name: str, *choices: str, **more: Any) -> Document:
    return _field(name, "choice", choices=list(choices), pingable=True, **more)


_CONTACT = (
    _field("first_name", "text", required=True, personal=True),
    _field("last_name", "text", required=True, personal=True),
    _field("phone", "phone", required=True, personal=True),
    _field("state", "state", required=True, pingable=True),
)
_CREDIT = ("excellent", "good", "fair", "poor")

AUTO_ACCIDENT: Document = {
    "name": "auto_accident",
    "label": "Legal: auto accident",
    "fields": [
        *_CONTACT,
        _choice("injury_severity", "minor", "moderate", "severe", required=True),
        _field("accident_date", "date", required=True, pingable=True),
        _choice("treatment", "none", "emergency_room", "ongoing"),
        _field("at_fault", "boolean", pingable=True),
        _field("has_attorney", "boolean", pingable=True),
        _field("police_report", "boolean", pingable=True),
        _field("other_insurer", "text"),
        _field("description", "text", personal=True),
    ],
}
HOME_SOLAR: Document = {
    "name": "home_solar",
    "label": "Home solar",
    "fields": [
        *_CONTACT,
        _field("homeowner", "boolean", required=True, pingable=True),
        _field("monthly_bill", "integer", required=True, pingable=True),
        _choice("roof_type", "asphalt", "tile", "metal", "flat"),
        _choice("roof_shade", "none", "partial", "full"),
        _choice("credit", *_CREDIT),
        _field("utility", "text", pingable=True),
    ],
}
MORTGAGE: Document = {
    "name": "mortgage",
    "label": "Mortgage",
    "fields": [
        *_CONTACT,
        _choice("purpose", "purchase", "refinance", "cash_out", required=True),
        _field("loan_amount", "integer", required=True, pingable=True),
        _field("property_value", "integer", pingable=True),
        _choice("credit", *_CREDIT, required=True),
        _choice("property_use", "primary", "second_home", "investment"),
        _field("veteran", "boolean", pingable=True),
        _field("annual_income", "integer", personal=True),
    ],
}
AUTO_INSURANCE: Document = {
    "name": "auto_insurance",
    "label": "Auto insurance",
    "fields": [
        *_CONTACT,
        _field("birth_date", "date", required=True, personal=True),
        _field("vehicle_year", "integer", required=True, pingable=True),
        _field("vehicle_make", "text", required=True, pingable=True),
        _field("vehicle_model", "text", pingable=True),
        _field("insured_now", "boolean", pingable=True),
        _field("current_carrier", "text"),
        _field("drivers", "integer", pingable=True),
        _field("accidents_3y", "integer", pingable=True),
    ],
}
HOME_SERVICES: Document = {
    "name": "home_services",
    "label": "Home services",
    "fields": [
        *_CONTACT,
        _choice("service", "roofing", "hvac", "plumbing", "windows", required=True),
        _choice("project", "repair", "replace", "install"),
        _choice("timeframe", "now", "one_month", "three_months", "planning"),
        _field("homeowner", "boolean", pingable=True),
        _field("details", "text", personal=True),
    ],
}
LEAD_TYPES = (AUTO_ACCIDENT, HOME_SOLAR, MORTGAGE, AUTO_INSURANCE, HOME_SERVICES)
