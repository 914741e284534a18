\set buyer random(1, 50)
\set lead random(1, 9000000000000)
\set person random(1, 9000000000000)
SELECT accept_lead('form-submit-' || :lead, sha256(:person::text::bytea), :buyer, md5(:lead::text)::uuid, '+1212' || :person, 'maria' || :person || '@example.com', '{"injury_severity": "moderate", "accident_date": "2026-05-02", "attorney": false, "source": "google_ads", "campaign_id": "bench", "ip_address": "192.168.1.1", "landing_page": "https://example.com/mva/tx?x=1", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "utm_source": "google", "utm_campaign": "mva-tx", "case_type": "auto_accident"}', '{"lead_id": "ld_9f3c1a8b", "status": "accepted", "score": 87, "buyer_id": "buyer_456", "price": 175.00, "deduped": false}');
