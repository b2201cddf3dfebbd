//! How often the API v3 may be called for a ticket.

use super::replay::exchanges;
use super::scene::Scene;

/// Calls for one ticket in a minute.
const MOST: usize = 30;

#[tokio::test]
async fn calls_count_for_a_ticket_only_where_its_owner_signed_them() {
    let scene = Scene::set().await;
    let signature = |name: &&String| name.eq_ignore_ascii_case("vsp-client-signature");
    let signed = exchanges()
        .into_iter()
        .find(|exchange| {
            exchange.path.ends_with("/feeaddress") && exchange.request_headers.keys().any(|it| signature(&it))
        })
        .unwrap();
    let name = signed.request_headers.keys().find(signature).unwrap();
    let (body, signature) = (&signed.request_body, Some(signed.request_headers[name].as_str()));
    for command in ["feeaddress", "ticketproof"] {
        for _ in 0..MOST {
            let (status, answer) = scene.post(command, body, None).await;
            assert_eq!(status, 400, "{answer}");
        }
    }
    for _ in 0..MOST {
        let (status, answer) = scene.post("feeaddress", body, signature).await;
        assert_eq!(status, 200, "{answer}");
    }
    let (status, answer) = scene.post("feeaddress", body, signature).await;
    assert_eq!(status, 429, "{answer}");
    assert!(answer["message"].as_str().unwrap().starts_with("too many requests"), "{answer}");
    let (status, answer) = scene.post("ticketstatus", body, signature).await;
    assert_eq!(status, 200, "{answer}");
}
