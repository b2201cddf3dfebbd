//! Charts show the numbers of a day to mouse and keyboard, and keep their shapes where colors are the reader's.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::stage::Stage;

/// What the shown values of the first chart read, hidden ones left out.
const SHOWN: &str = "return [...document.querySelectorAll('.chart')[0].querySelectorAll('.value')]
    .filter(value => getComputedStyle(value).opacity === '1').map(value => value.textContent);";
/// The middle of the last day's column.
const LAST_DAY: &str = "const days = document.querySelectorAll('.chart')[0].querySelectorAll('.day');
    days[0].scrollIntoView({ block: 'center' });
    const box = days[days.length - 1].getBoundingClientRect(); return [box.left + box.width / 2, box.top + 40];";

async fn key(browser: &Browser, name: &str, code: u32) {
    for kind in ["rawKeyDown", "keyUp"] {
        let event = json!({ "type": kind, "key": name, "code": name, "windowsVirtualKeyCode": code });
        browser.tell("Input.dispatchKeyEvent", event).await;
    }
}

fn only(shown: &Value) -> String {
    let shown = shown.as_array().unwrap();
    assert_eq!(shown.len(), 1, "{shown:?}");
    shown[0].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromium-driver"]
async fn a_chart_shows_the_numbers_of_a_day_by_mouse_and_keyboard() {
    let stage = Stage::set().await;
    stage.mine(2).await;
    let browser = Browser::open(stage.web.url()).await;
    for width in [1280, 360] {
        let screen = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        browser.tell("Emulation.setDeviceMetricsOverride", screen).await;
        browser.visit("/stats").await;
        assert_eq!(browser.run(SHOWN).await, json!([]), "{width}");
        let at = browser.run(LAST_DAY).await;
        browser.tell("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": at[0], "y": at[1] })).await;
        let by_mouse = only(&browser.run(SHOWN).await);
        assert!(by_mouse.contains(" voted, ") && by_mouse.ends_with(" missed"), "{by_mouse}");
        browser.tell("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": 1, "y": 1 })).await;

        // Tab reaches the first day, and the arrow keys go on from there: to the left of the first lies the last.
        browser.run("document.querySelectorAll('.chart')[0].querySelector('input').focus()").await;
        key(&browser, "ArrowRight", 39).await;
        let second = only(&browser.run(SHOWN).await);
        for _ in 0..2 {
            key(&browser, "ArrowLeft", 37).await;
        }
        let by_keyboard = only(&browser.run(SHOWN).await);
        assert_eq!(by_keyboard, by_mouse, "{width}: {second}");
        let named = browser.run("return document.querySelectorAll('.chart')[0].querySelectorAll('.tick').length").await;
        assert!((3..=5).contains(&named.as_u64().unwrap()), "{width}: {named}");
    }
    let colors = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
    browser.tell("Emulation.setEmulatedMedia", colors).await;
    let drawn = "return [...document.querySelectorAll('.chart .plot path.good, .chart .key path')]
        .map(path => { const style = getComputedStyle(path); return style.fill + ' ' + style.stroke; })
        .filter(colors => colors === 'none none').length;";
    assert_eq!(browser.run(drawn).await, 0, "no shape is without a color");
    drop(browser);
    stage.end().await;
}
