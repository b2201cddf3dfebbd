//! The administrator of a small pool, as the demo prints one.

use hyper::StatusCode;
use stakepool_core::chain::Generation;

use crate::browser::Browser;
use crate::scene::Scene;

#[tokio::test]
async fn an_account_made_as_administrator_administers_the_pool_from_this_machine() {
    let scene = Scene::set(Generation::Today, 1).await;
    scene.pool.user("admin@example.org", "battery staple 42", true).await.unwrap();
    let web = scene.web().await;
    let mut browser = Browser::new(web.url());
    let fields = [("email", "admin@example.org"), ("password", "battery staple 42")];
    browser.submit("/signin", &fields).await;
    for page in
        ["/status", "/admintickets", "/adminusers", "/admininvitations", "/adminmail", "/adminvotes", "/adminaudit"]
    {
        let shown = browser.get(page).await;
        assert_eq!(shown.status, StatusCode::OK, "{page}: {}", shown.body);
        assert!(shown.body.contains("Administration</a>"), "{page}");
    }
    let mut other = Browser::new(web.url());
    other.submit("/signin", &[("email", "user@example.org"), ("password", "correct horse 42")]).await;
    assert_eq!(other.get("/status").await.status, StatusCode::FORBIDDEN);
    scene.end().await;
}
