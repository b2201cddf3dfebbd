//! What a person does with a browser: opens pages, reads, fills in fields, presses buttons.

use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, Locator};
use serde_json::Value;
use stakepool_web::NUMBER_WORDS;
use tokio::time::{Instant, sleep};

use crate::driver::{DevTools, Driver};

/// How long anything may take that is done within a second where the machine is idle.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How often a person looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A browser that looks at the pool.
pub struct Browser {
    client: Client,
    pool: String,
    // Ends the browser, so it must outlive the client.
    _driver: Driver,
}

impl Browser {
    /// A new browser for the pool at an address such as `http://127.0.0.1:8000`.
    pub async fn open(pool: &str) -> Self {
        let driver = Driver::start();
        Self { client: driver.browser().await, pool: pool.to_owned(), _driver: driver }
    }

    /// Turns to another instance of the pool; answers where it looked before.
    pub fn turn_to(&mut self, pool: &str) -> String {
        std::mem::replace(&mut self.pool, pool.to_owned())
    }

    /// Opens a page of the pool, such as `/tickets`.
    pub async fn visit(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.pool)).await.unwrap();
    }

    /// The path of the page that is open.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// What the page says, in one line.
    pub async fn text(&self) -> String {
        let text = self.element("main").await.text().await.unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// What a part of the page says.
    pub async fn text_of(&self, css: &str) -> String {
        self.element(css).await.text().await.unwrap()
    }

    /// What a field holds.
    pub async fn value_of(&self, css: &str) -> String {
        self.element(css).await.prop("value").await.unwrap().unwrap()
    }

    /// Types into a field in the place of what it holds.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.element(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks on what is no button of a form: a box, a choice.
    pub async fn click(&self, css: &str) {
        self.element(css).await.click().await.unwrap();
    }

    /// Opens what asks for a confirmation.
    async fn open_confirmations(&self) {
        self.run("for (const asked of document.querySelectorAll('details.confirm')) asked.open = true").await;
    }

    /// Ticks a box, also one within a confirmation.
    pub async fn tick(&self, css: &str) {
        self.open_confirmations().await;
        self.click(css).await;
    }

    /// Presses the button with these words and waits for the page that it leads to.
    pub async fn press(&self, words: &str) {
        let xpath =
            format!("//main//button[normalize-space()='{words}']|//header//button[normalize-space()='{words}']");
        self.open_confirmations().await;
        let button = self.client.find(Locator::XPath(&xpath)).await;
        let Ok(button) = button else { panic!("no button `{words}` on {}: {}", self.path().await, self.text().await) };
        self.run("window.isOldPage = true").await;
        button.click().await.unwrap();
        self.until(&format!("the page after `{words}` is there"), async || {
            // Between two pages there is none that could answer.
            let answer = self.client.execute("return !window.isOldPage && document.readyState", Vec::new()).await;
            answer.is_ok_and(|state| state == "complete")
        })
        .await;
    }

    /// Makes sure that the page says something.
    pub async fn reads(&self, words: &str) {
        let text = self.text().await;
        assert!(text.contains(words), "{} does not say `{words}`:\n{text}", self.path().await);
    }

    /// Looks at a page until it says something.
    pub async fn until_reads(&self, path: &str, words: &str) {
        self.until(&format!("{path} says `{words}`"), async || {
            self.visit(path).await;
            self.text().await.contains(words)
        })
        .await;
    }

    /// Reads the question against robots, takes a person's time and answers it.
    pub async fn answer_question(&self) {
        let answer = answer(&self.text_of("label[for=captcha]").await);
        self.fill("#captcha", &answer.to_string()).await;
        let age = "return performance.now() - performance.getEntriesByType('navigation')[0].responseEnd";
        self.until("a person may have filled in the form", async || {
            self.run(age).await.as_f64().is_some_and(|milliseconds| milliseconds > 2000.0)
        })
        .await;
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Runs a script in the page that calls its last argument when it is done.
    pub async fn run_async(&self, script: &str) -> Value {
        self.client.execute_async(script, Vec::new()).await.unwrap()
    }

    /// Gives Chromium a command of the DevTools protocol.
    pub async fn tell(&self, command: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools { command, parameters }).await.unwrap()
    }

    /// Waits until something holds.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let began = Instant::now();
        while !holds().await {
            assert!(began.elapsed() < PATIENCE, "still not so: {what}; {}", self.text().await);
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn element(&self, css: &str) -> Element {
        let found = self.client.find(Locator::Css(css)).await;
        let Ok(found) = found else { panic!("no `{css}` on {}", self.path().await) };
        found
    }
}

/// The answer to a question such as “How much is two plus three?”.
fn answer(question: &str) -> usize {
    let words: Vec<&str> = question.trim_end_matches('?').split(' ').collect();
    let number = |at: usize| NUMBER_WORDS.iter().position(|word| *word == words[at]).unwrap();
    match words[..] {
        ["How", "much", "is", _, "plus", _] => number(3) + number(5),
        ["How", "much", "is", _, "minus", _] => number(3) - number(5),
        ["Which", "number", "comes", "right", "after", _] => number(5) + 1,
        _ => panic!("an unknown question: {question}"),
    }
}
