//! Looks at a page as people with several eyes and screens do: axe-core's rules of levels A and AA, no scrolling to the
//! side, and a picture for those who want to see it themselves.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::browser::Browser;

/// The widths of a telephone and of a desk, in pixels.
const WIDTHS: [u32; 2] = [360, 1280];
const THEMES: [&str; 2] = ["light", "dark"];
// Colours that fade from one theme into the other are neither's.
const CHECK: &str = "const done = arguments[arguments.length - 1];
    document.getAnimations().forEach(animation => animation.finish());
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']}).then(
      result => done(result.violations.map(violation =>
        violation.id + ': ' + violation.nodes.map(node => node.html + ' ' + node.failureSummary).join('; '))),
      error => done(['axe-core failed: ' + error]));";
const WIDER_THAN_THE_SCREEN: &str = "const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1)
      .slice(0, 5).map(e => 'wider than the screen: ' + e.outerHTML.slice(0, 200));";

/// Where the build's output lies.
fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

/// Has axe-core run in every page that is opened from now on.
pub async fn bring(browser: &Browser) {
    let path = std::env::var_os("AXE_PATH")
        .map_or_else(|| target().join("axe/node_modules/axe-core/axe.min.js"), PathBuf::from);
    let source = fs::read_to_string(&path);
    let source = source.unwrap_or_else(|error| panic!("{}: {error}; see .ci/run, or set AXE_PATH", path.display()));
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": source})).await;
}

/// Everything that is wrong with the page that is open, in both themes and at both widths. Pictures are named `name`.
pub async fn look(browser: &Browser, name: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for width in WIDTHS {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        browser.tell("Emulation.setDeviceMetricsOverride", size).await;
        for theme in THEMES {
            let features = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
            browser.tell("Emulation.setEmulatedMedia", features).await;
            let found = [browser.run_async(CHECK).await, browser.run(WIDER_THAN_THE_SCREEN).await];
            let found = found.iter().flat_map(|found| found.as_array().unwrap());
            faults.extend(found.map(|fault| format!("{name}, {theme}, {width} px: {}", fault.as_str().unwrap())));
            photograph(browser, &format!("{name}-{width}-{theme}.png")).await;
        }
    }
    faults
}

async fn photograph(browser: &Browser, file: &str) {
    let picture = browser.tell("Page.captureScreenshot", json!({"captureBeyondViewport": true})).await;
    let Value::String(data) = &picture["data"] else { panic!("no picture: {picture}") };
    let folder = target().join("screenshots");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(file), STANDARD.decode(data).unwrap()).unwrap();
}
