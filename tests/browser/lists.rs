//! Hashes in lists lead to their tickets, and move nothing that stands around them.

use serde_json::json;

use crate::browser::Browser;
use crate::stage::{PASSWORD, Stage, fee};

const EMAIL: &str = "buyer@example.org";

/// The left edge and the width of every column of the list, and of the copy button of the first row.
const PLACES: &str =
    "return [...document.querySelectorAll('table.list tr:first-child > *, table.list tbody tr:first-child .mini')]
    .map(cell => { const box = cell.getBoundingClientRect(); return [Math.round(box.left), Math.round(box.width)]; });";
const HEIGHT: &str = "return Math.round(document.querySelector('table.list tbody tr').getBoundingClientRect().height);";

async fn point_at_hash(browser: &Browser) {
    let at = browser
        .run("const box = document.querySelector('table.list a.hash').getBoundingClientRect(); return [box.left + 9, box.top + 9];")
        .await;
    browser.tell("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": at[0], "y": at[1] })).await;
}

/// Keeps a picture of the page where `BROWSER_PICTURES` names a folder for it.
async fn picture(browser: &Browser, name: &str) {
    if let Ok(folder) = std::env::var("BROWSER_PICTURES") {
        let shot = browser.tell("Page.captureScreenshot", json!({ "format": "png" })).await;
        let bytes = data_encoding::BASE64.decode(shot["data"].as_str().unwrap().as_bytes()).unwrap();
        std::fs::write(format!("{folder}/{name}.png"), bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromium-driver"]
async fn a_hash_leads_to_its_ticket_by_mouse_and_keyboard_and_no_column_moves() {
    let stage = Stage::set().await;
    let registration = stage.registered_user(EMAIL).await;
    let tickets = stage.buy(&registration, fee(), 3);
    stage.mine(2).await;
    let browser = Browser::open(stage.web.url()).await;
    browser.visit("/signin").await;
    browser.fill("#email", EMAIL).await;
    browser.fill("#password", PASSWORD).await;
    browser.press("Sign in").await;
    for width in [1200, 360] {
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        browser.tell("Emulation.setDeviceMetricsOverride", screen).await;
        browser.until_reads("/tickets?show=immature", "Immature 3").await;
        browser.run("document.querySelector('table.list').scrollIntoView()").await;
        let (places, height) = (browser.run(PLACES).await, browser.run(HEIGHT).await);
        point_at_hash(&browser).await;
        picture(&browser, &format!("hash-hover-{width}")).await;
        assert_eq!(
            (browser.run(PLACES).await, browser.run(HEIGHT).await),
            (places.clone(), height.clone()),
            "{width}: hovered"
        );
        browser.run("document.querySelector('table.list a.hash').focus({ focusVisible: true })").await;
        assert_eq!(browser.run(PLACES).await, places, "{width}: focused");
        picture(&browser, &format!("hash-focus-{width}")).await;
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13 });
            if kind == "keyDown" {
                event["text"] = json!("\r");
            }
            browser.tell("Input.dispatchKeyEvent", event).await;
        }
        browser.until("the ticket's page is there", async || browser.path().await.starts_with("/ticket")).await;
        browser.reads("Timeline").await;
        let shown = browser.text_of("#ticket").await;
        assert!(tickets.iter().any(|ticket| ticket.to_string() == shown), "the whole hash: {shown}");
        picture(&browser, &format!("ticket-{width}")).await;
        let overflow = "return document.documentElement.scrollWidth > document.documentElement.clientWidth;";
        assert_eq!(browser.run(overflow).await, false, "{width}: nothing is wider than the page");
    }
    drop(browser);
    stage.end().await;
}
