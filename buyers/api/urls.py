"""The paths below /v1 that this app answers."""

from django.urls import path

from buyers.api.bulk import BuyersBulkView, ContractsBulkView
from buyers.api.buyers import BuyersView, BuyerView
from buyers.api.campaigns import CampaignsView, CampaignView
from buyers.api.contracts import ContractsView, ContractView
from buyers.api.csv_files import BuyersCsvView, BuyersImportView, ContractsCsvView, ContractsImportView
from buyers.api.delivery_methods import TryMethodView
from buyers.api.endpoints import EndpointsView, OneEndpointView, RotateSecretView, TestEndpointView
from buyers.api.health import ContractHealthView
from buyers.api.journals import JournalsView, JournalView
from buyers.api.lead_types import LeadTypesView, LeadTypeView
from buyers.api.messages import AttemptsView, DeadLettersView, EndpointMessagesView, MessageView, ReplayView, RetryView
from buyers.api.wallet import DepositsView, WalletView

urlpatterns = [
    path("lead-types", LeadTypesView.as_view()),
    path("lead-types/<str:lead_type_id>", LeadTypeView.as_view()),
    path("campaigns", CampaignsView.as_view()),
    path("campaigns/<str:campaign_id>", CampaignView.as_view()),
    path("buyers", BuyersView.as_view()),
    path("buyers.csv", BuyersCsvView.as_view()),
    path("buyers/bulk", BuyersBulkView.as_view()),
    path("buyers/import", BuyersImportView.as_view()),
    path("buyers/<str:buyer_id>", BuyerView.as_view()),
    path("buyers/<str:buyer_id>/wallet", WalletView.as_view()),
    path("buyers/<str:buyer_id>/wallet/deposits", DepositsView.as_view()),
    path("journals", JournalsView.as_view()),
    path("journals/<str:journal_id>", JournalView.as_view()),
    path("contracts", ContractsView.as_view()),
    path("contracts.csv", ContractsCsvView.as_view()),
    path("contracts/bulk", ContractsBulkView.as_view()),
    path("contracts/import", ContractsImportView.as_view()),
    path("contracts/<str:contract_id>", ContractView.as_view()),
    path("contracts/<str:contract_id>/health", ContractHealthView.as_view()),
    path("delivery-methods/try", TryMethodView.as_view()),
    path("webhook-endpoints", EndpointsView.as_view()),
    path("webhook-endpoints/<str:endpoint_id>", OneEndpointView.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/rotate-secret", RotateSecretView.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/test", TestEndpointView.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/messages", EndpointMessagesView.as_view()),
    path("messages/<str:message_id>", MessageView.as_view()),
    path("messages/<str:message_id>/attempts", AttemptsView.as_view()),
    path("messages/<str:message_id>/retry", RetryView.as_view()),
    path("dead-letters", DeadLettersView.as_view()),
    path("dead-letters/replay", ReplayView.as_view()),
]
