//! Behind a proxy: whose address counts, and what happens where the proxy does not say it.

use stakepool_web::ProxyTrust;
use warp::http::StatusCode;

use crate::admin::{people, plan};
use crate::browser::hidden_token;
use crate::world::{Plan, World};

fn behind(plan: &mut Plan, header: &str) {
    plan.options.proxies = ProxyTrust { header: Some(header.into()), proxies: vec!["127.0.0.1".parse().unwrap()] };
}

/// Signs up by a form, as a visitor for whom the proxy writes these headers.
async fn sign_up(world: &World, email: &str, proxied: &[(&str, &str)]) -> StatusCode {
    let page = world.send("GET", "/signup", proxied, b"").await;
    let token = hidden_token(&page.text()).unwrap();
    let fields = [
        ("csrf_token", &*token),
        ("email", email),
        ("password", "gull anvil ferry"),
        ("passwordrepeat", "gull anvil ferry"),
    ];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let cookie = format!("csrf={token}");
    let mut headers = vec![("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    headers.extend_from_slice(proxied);
    world.send("POST", "/signup", &headers, body.as_bytes()).await.status
}

#[tokio::test]
async fn visitors_whom_the_proxy_does_not_name_do_not_lock_each_other_out() {
    for (header, values) in [
        ("X-Real-IP", &["unknown", "unix:", "", "_hidden", "pool.example"][..]),
        ("Forwarded", &["for=unknown", "proto=https", "203.0.113.9"][..]),
        ("X-Real-IP", &[][..]),
    ] {
        let mut plan = Plan::default();
        behind(&mut plan, header);
        plan.settings.tries.sign_ups_per_client = 1;
        let world = World::of(plan).await;
        for number in 0..6 {
            let value = values.get(number % values.len().max(1)).map(|value| (header, *value));
            let email = format!("v{number}@example.org");
            let status = sign_up(&world, &email, value.as_slice()).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{header}: {value:?}");
        }
    }
}

#[tokio::test]
async fn visitors_whom_the_proxy_names_in_any_way_are_told_apart() {
    for (header, first, same, other) in [
        ("Forwarded", "for=203.0.113.9;proto=https", "for=\"203.0.113.9:4711\"", "for=203.0.113.8"),
        ("Forwarded", "for=\"[2001:db8::1]:4711\"", "proto=http;for=\"[2001:db8::1]\"", "for=\"[2001:db8:1::1]\""),
        ("X-Real-IP", "fe80::1%eth0", "[fe80::1%eth1]:80", "fe80:0:0:1::1%eth0"),
        ("X-Real-IP", "\"203.0.113.9\"", "::ffff:203.0.113.9", "203.0.113.8"),
    ] {
        let mut plan = Plan::default();
        behind(&mut plan, header);
        plan.settings.tries.sign_ups_per_client = 1;
        let world = World::of(plan).await;
        let mut statuses = Vec::new();
        for (number, value) in [first, same, other].into_iter().enumerate() {
            statuses.push(sign_up(&world, &format!("v{number}@example.org"), &[(header, value)]).await);
        }
        let expected = [StatusCode::SEE_OTHER, StatusCode::TOO_MANY_REQUESTS, StatusCode::SEE_OTHER];
        assert_eq!(statuses, expected, "{header}: {first}");
    }
}

#[tokio::test]
async fn nobody_administers_where_the_proxy_does_not_say_from_where() {
    let mut plan = plan();
    behind(&mut plan, "X-Real-IP");
    plan.options.admission.addresses = ["127.0.0.1", "::1", "203.0.113.0/24", "::/0"]
        .iter()
        .map(|range| range.parse().unwrap())
        .collect::<Vec<_>>()
        .into();
    let (world, admin, _) = people(plan).await;
    let cookie = admin.cookie_header();
    let status = async |headers: &[(&str, &str)]| {
        let mut all = vec![("cookie", cookie.as_str())];
        all.extend_from_slice(headers);
        world.send("GET", "/adminusers", &all, b"").await.status
    };
    for (headers, expected) in [
        (&[][..], StatusCode::FORBIDDEN),
        (&[("x-real-ip", "")], StatusCode::FORBIDDEN),
        (&[("x-real-ip", "unknown")], StatusCode::FORBIDDEN),
        (&[("x-real-ip", "unix:")], StatusCode::FORBIDDEN),
        (&[("x-forwarded-for", "127.0.0.1")], StatusCode::FORBIDDEN),
        (&[("x-real-ip", "198.51.100.1")], StatusCode::FORBIDDEN),
        (&[("x-real-ip", "203.0.113.5")], StatusCode::OK),
        // Through a tunnel to the proxy, which then names this machine.
        (&[("x-real-ip", "127.0.0.1")], StatusCode::OK),
    ] {
        assert_eq!(status(headers).await, expected, "{headers:?}");
    }
}
