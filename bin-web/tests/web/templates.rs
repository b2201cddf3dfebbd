//! Templates and assets of the operator's own, read again while the application runs.

use std::fs;
use std::process::Command;
use std::time::Duration;

use stakepool_web::{Web, WebParts};
use tempfile::TempDir;
use warp::http::StatusCode;

use crate::world::{Plan, World};

/// Folders of the operator, with a front page and a style sheet.
struct Own {
    templates: TempDir,
    public: TempDir,
}

impl Own {
    fn with_home(home: &str) -> Self {
        let own = Self { templates: tempfile::tempdir().unwrap(), public: tempfile::tempdir().unwrap() };
        own.write_home(home);
        own.write_style("body{}");
        own
    }

    fn write_home(&self, text: &str) {
        fs::write(self.templates.path().join("home.html.tera"), text).unwrap();
    }

    fn write_style(&self, text: &str) {
        fs::write(self.public.path().join("style.css"), text).unwrap();
    }

    fn plan(&self) -> Plan {
        let mut plan = Plan::default();
        plan.options.template_path = Some(self.templates.path().to_owned());
        plan.options.public_path = Some(self.public.path().to_owned());
        plan
    }
}

/// Waits until the front page is other than `before`, at most ten seconds.
async fn other_home(world: &World, before: &str) -> String {
    for _ in 0..1000 {
        let page = world.browser().get("/").await.text();
        if page != before {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("still {before}");
}

fn signal(name: &str) {
    let pid = std::process::id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

#[tokio::test]
async fn a_signal_brings_new_assets_and_templates_and_a_broken_one_keeps_the_old_set() {
    let own = Own::with_home("first {{ site.style }}");
    let world = World::of(own.plan()).await;
    let first = world.browser().get("/").await.text();
    assert!(first.starts_with("first "), "{first}");
    for broken in ["second {% if %}", "second {{ page.no_such_figure }}", "second {{ site.nmae }}"] {
        let before = world.browser().get("/").await.text();
        own.write_home(broken);
        own.write_style(&format!("body{{}}/* {broken} */"));
        signal("-USR1");
        // The new style sheet shows that the signal arrived.
        let after = other_home(&world, &before).await;
        tokio::time::sleep(Duration::from_millis(600)).await;
        let later = world.browser().get("/").await;
        assert!(after.starts_with("first ") && later.text() == after, "{broken}: {}", later.text());
        assert_eq!(later.status, StatusCode::OK);
    }
    let before = world.browser().get("/").await.text();
    own.write_home("third {{ site.style }}");
    signal("-USR1");
    let before = other_home(&world, &before).await;
    assert!(before.starts_with("third "));
    own.write_home("fourth {{ site.style }}");
    signal("-HUP");
    assert!(other_home(&world, &before).await.starts_with("fourth "));
}

#[tokio::test]
async fn a_start_with_a_template_that_makes_no_page_is_refused_with_its_line() {
    let world = World::start().await;
    let blocks = "{% block title %}{% endblock title %}{% block content %}{% endblock content %}";
    for (name, page, line) in [
        ("home.html.tera", "home.html.tera", "hello\n\n{{ page.figures.no_such }}"),
        // In a frame around every page, and only for those who have signed in.
        (
            "base.html.tera",
            "home.html.tera",
            &format!("hello\n{blocks}\n{{% if me %}}{{{{ me.no_such }}}}{{% endif %}}"),
        ),
        // In what is shown after a mistake only.
        ("signin.html.tera", "signin.html.tera", "hello\n\n{% if page.error %}{{ page.no_such }}{% endif %}"),
    ] {
        let own = Own::with_home("hello");
        if name != "home.html.tera" {
            fs::remove_file(own.templates.path().join("home.html.tera")).unwrap();
        }
        fs::write(own.templates.path().join(name), line).unwrap();
        let (pool, parts) = (world.pool.clone(), WebParts::default());
        let error = Web::bind(own.plan().options, pool, parts).await.unwrap_err().to_string();
        for part in [&format!("template {page} cannot be made"), &format!("{name}:3"), "no_such"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
