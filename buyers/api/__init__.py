"""The management API of buyers, contracts, campaigns, lead types, wallets, endpoints and messages."""
