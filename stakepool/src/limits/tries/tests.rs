use std::net::Ipv4Addr;

use crate::limits::tries::*;

fn from(last: u8) -> ClientAddress {
    ClientAddress(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)))
}

fn limiter() -> Limiter {
    Limiter::new(TryLimits {
        sign_ins_per_account: 2,
        sign_ins_per_client: 3,
        sign_ups_per_client: 1,
        mails_per_account: 1,
        mails_per_client: 2,
        api_writes_per_user: 1,
        window: Duration::from_secs(600),
    })
}

/// A sign-in that fails, where it may be tried at all.
fn fail(limiter: &Limiter, email: &str, client: ClientAddress) -> Result<(), MustWait> {
    limiter.sign_in(email, client, None).map(drop)
}

#[tokio::test(start_paused = true)]
async fn an_account_must_wait_where_it_was_tried_however_it_is_spelled() {
    let limiter = limiter();
    assert_eq!(fail(&limiter, "a@example.org", from(1)), Ok(()));
    assert_eq!(fail(&limiter, " A@Example.org", from(1)), Ok(()));
    assert_eq!(fail(&limiter, "a@example.org", from(1)), Err(MustWait(Duration::from_secs(600))));
    assert_eq!(fail(&limiter, "b@example.org", from(1)), Ok(()));
    assert_eq!(fail(&limiter, "a@example.org", from(2)), Ok(()), "its user comes from elsewhere");
    tokio::time::advance(Duration::from_secs(599)).await;
    assert_eq!(fail(&limiter, "a@example.org", from(1)), Err(MustWait(Duration::from_secs(1))));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(fail(&limiter, "a@example.org", from(1)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_many_clients_try_must_wait_at_ten_times_the_limit() {
    let limiter = limiter();
    for client in 0..20 {
        assert_eq!(fail(&limiter, "a@example.org", from(client)), Ok(()));
    }
    assert!(fail(&limiter, "a@example.org", from(99)).is_err());
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_typed_as_an_address_uses_up_the_tries_of_those_who_name_none() {
    let limiter = limiter();
    for client in 0..20 {
        let typed = format!("monitors from {}", from(1));
        assert_eq!(fail(&limiter, &typed, from(100 + client)), Ok(()));
    }
    for _ in 0..2 {
        assert!(limiter.stranger("monitors", from(1)).is_ok());
    }
    assert!(limiter.stranger("monitors", from(1)).is_err(), "its own tries are counted");
    assert!(limiter.stranger("links", from(1)).is_ok(), "and each kind for itself");
}

#[tokio::test(start_paused = true)]
async fn who_signed_in_before_gets_in_while_strangers_are_locked_out_and_may_not_guess_either() {
    let limiter = limiter();
    for client in 0..20 {
        assert_eq!(fail(&limiter, "a@example.org", from(client)), Ok(()));
    }
    assert!(fail(&limiter, "a@example.org", from(99)).is_err());
    let known = Some(KnownBrowser::numbered(7));
    for _ in 0..2 {
        assert!(limiter.sign_in("a@example.org", from(99), known).is_ok());
    }
    assert!(limiter.sign_in("a@example.org", from(99), known).is_err());
}

#[tokio::test(start_paused = true)]
async fn one_customers_many_networks_do_not_lock_an_account() {
    let limiter = limiter();
    let from = |network: u16| ClientAddress(format!("2001:db8:0:{network:x}::1").parse().unwrap());
    let tried = (0..50).filter(|network| fail(&limiter, "a@example.org", from(*network)).is_ok()).count();
    assert_eq!(tried, 4);
    assert_eq!(fail(&limiter, "a@example.org", ClientAddress("2001:db8:1::1".parse().unwrap())), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_client_must_wait_whatever_account_it_tries() {
    let limiter = limiter();
    for account in ["a", "b", "c"] {
        assert_eq!(fail(&limiter, account, from(1)), Ok(()));
    }
    assert!(fail(&limiter, "d", from(1)).is_err());
    assert_eq!(fail(&limiter, "d", from(2)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_wide_ipv6_network_must_wait_at_ten_times_the_limit() {
    let limiter = limiter();
    let from = |network: u16| ClientAddress(format!("2001:db8:0:{network:x}::1").parse().unwrap());
    for network in 0..30 {
        assert_eq!(fail(&limiter, &network.to_string(), from(network)), Ok(()));
    }
    assert!(fail(&limiter, "x", from(99)).is_err());
    assert_eq!(fail(&limiter, "x", ClientAddress("2001:db8:1::1".parse().unwrap())), Ok(()));
    for network in 0..10 {
        assert_eq!(limiter.sign_up(from(network)), Ok(()));
    }
    assert!(limiter.sign_up(from(99)).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_success_forgives_the_account_and_a_try_that_was_none_is_taken_back() {
    let limiter = limiter();
    for _ in 0..10 {
        let _failed = limiter.sign_in("a@example.org", from(1), None).unwrap();
        let right = limiter.sign_in("a@example.org", from(1), None).unwrap();
        limiter.succeeded(right);
        tokio::time::advance(Duration::from_secs(300)).await;
    }
    let limiter = self::limiter();
    for _ in 0..10 {
        let unseen = limiter.sign_in("a@example.org", from(1), None).unwrap();
        limiter.take_back(unseen);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_locked_out_of_signing_in_can_still_change_the_password_and_may_not_guess_it() {
    let limiter = limiter();
    while fail(&limiter, "a@example.org", from(1)).is_ok() {}
    for _ in 0..2 {
        assert!(limiter.confirmation(UserId(1)).is_ok());
    }
    assert!(limiter.confirmation(UserId(1)).is_err());
    assert!(limiter.confirmation(UserId(2)).is_ok());
    limiter.forgive(&Email::parse("a@example.org").unwrap(), from(1));
    assert_eq!(fail(&limiter, "a@example.org", from(1)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn changes_by_the_api_are_limited_by_user() {
    let limiter = limiter();
    assert_eq!(limiter.api_write(UserId(1)), Ok(()));
    assert_eq!(limiter.api_write(UserId(1)), Err(MustWait(Duration::from_secs(600))));
    assert_eq!(limiter.api_write(UserId(2)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn sign_ups_are_limited_by_client() {
    let limiter = limiter();
    assert_eq!(limiter.sign_up(from(1)), Ok(()));
    assert!(limiter.sign_up(from(1)).is_err());
    assert_eq!(limiter.sign_up(from(2)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn mails_are_limited_by_account_and_client() {
    let limiter = limiter();
    assert_eq!(limiter.ask_for_mail("a@example.org", from(1)), Ok(()));
    assert!(limiter.ask_for_mail("A@example.org ", from(2)).is_err());
    assert_eq!(limiter.ask_for_mail("b@example.org", from(1)), Ok(()));
    assert!(limiter.ask_for_mail("c@example.org", from(1)).is_err());
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_the_newest_counters_stay() {
    let limiter = limiter();
    for n in 0..=MAX_COUNTERS {
        if n % 1000 == 0 {
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        count(&mut limiter.lock(), Subject::Account(n.to_string()), Instant::now(), limiter.limits.window);
    }
    let counters = limiter.lock();
    assert!(counters.len() < MAX_COUNTERS);
    assert!(counters.contains_key(&Subject::Account(MAX_COUNTERS.to_string())));
}

#[test]
fn waits_are_told_in_words() {
    let words = |seconds| MustWait(Duration::from_secs(seconds)).in_words();
    assert_eq!([words(0), words(1), words(61), words(541)], ["1 second", "1 second", "61 seconds", "10 minutes"]);
}

#[tokio::test(start_paused = true)]
async fn clients_whom_a_proxy_does_not_name_do_not_lock_each_other_out_and_guess_no_more() {
    let limiter = limiter();
    let unknown = ClientAddress::unknown_behind(Ipv4Addr::LOCALHOST.into());
    for number in 0..30 {
        assert_eq!(limiter.sign_up(unknown), Ok(()), "{number}");
        assert_eq!(fail(&limiter, &format!("{number}@example.org"), unknown), Ok(()));
    }
    assert!(limiter.sign_up(unknown).is_err(), "there is an end all the same");
    // An account has no more tries than from all clients together.
    for _ in 0..20 {
        assert_eq!(fail(&limiter, "a@example.org", unknown), Ok(()));
    }
    assert!(fail(&limiter, "a@example.org", unknown).is_err());
    let other = ClientAddress::unknown_behind(Ipv4Addr::new(10, 0, 0, 1).into());
    assert_eq!(limiter.sign_up(other), Ok(()), "behind another proxy are others");
}
