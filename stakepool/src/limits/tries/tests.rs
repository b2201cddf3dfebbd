use std::net::Ipv4Addr;

use stakepool_core::secret::Secret;

use crate::limits::tries::*;

fn from(last: u8) -> ClientAddress {
    ClientAddress(IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)))
}

/// One of many clients.
fn client(number: u32) -> ClientAddress {
    ClientAddress(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number)))
}

fn limits() -> TryLimits {
    TryLimits {
        sign_ins_per_account: 2,
        sign_ins_per_client: 3,
        right_passwords_per_account: 4,
        sign_ups_per_client: 1,
        mails_per_account: 1,
        mail_window: Duration::from_secs(3600),
        mails_per_unverified_address: 2,
        mails_per_client: 2,
        api_writes_per_user: 1,
        registrations_per_hour: 3,
        window: Duration::from_secs(600),
    }
}

fn names() -> Signer {
    Signer::new(&Secret::new("a secret that all instances of these tests have"), "tries")
}

fn limiter() -> Limiter {
    Limiter::new(limits(), names())
}

const ALICE: Account = Account::Of(UserId(1));

/// A sign-in that fails, where it may be tried at all.
fn fail(limiter: &Limiter, account: Account, client: ClientAddress) -> Result<(), MustWait> {
    limiter.sign_in(account, client, None).map(drop)
}

/// A sign-in of an account that there is not.
fn fail_typed(limiter: &Limiter, typed: &str, client: ClientAddress) -> Result<(), MustWait> {
    fail(limiter, limiter.account(typed, None), client)
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

/// Has one subject use up its tries, lets 100,000 others try, and asks whether the first still has to wait.
fn is_remembered(what: &str, limiter: &Limiter, attempt: impl Fn(&Limiter, u32) -> Result<(), MustWait>) {
    let tries = (0..1000).take_while(|_| attempt(limiter, 0).is_ok()).count();
    assert!(tries < 1000, "{what} has no limit");
    for other in 1..=100_000 {
        // Whether the others must wait is another matter.
        let _ = attempt(limiter, other);
    }
    assert!(attempt(limiter, 0).is_err(), "{what} is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_wrong_answers_of_any_kind_make_no_counter_at_its_limit_forgotten() {
    type Attempt = fn(&Limiter, u32) -> Result<(), MustWait>;
    let kinds: [(&str, Attempt); 14] = [
        ("an account from a client", |limiter, n| fail(limiter, Account::Of(UserId(n.into())), client(n))),
        ("an account from a crowd", |limiter, n| {
            let from = if n == 0 { client(unused()) } else { client(n) };
            fail(limiter, Account::Of(UserId(n.into())), from)
        }),
        ("a made-up address", |limiter, n| fail_typed(limiter, &format!("{n}@example.org"), client(n))),
        ("a known browser", |limiter, n| {
            let known = Some(KnownBrowser::numbered(n));
            limiter.sign_in(Account::Of(UserId(n.into())), client(n), known).map(drop)
        }),
        ("right passwords", |limiter, n| {
            limiter.sign_in(Account::Of(UserId(n.into())), client(n), None).map(|tried| limiter.succeeded(tried))
        }),
        ("a stranger", |limiter, n| limiter.stranger("links", client(n)).map(drop)),
        ("a client", |limiter, n| fail_typed(limiter, &format!("{}@example.org", unused()), client(n))),
        ("a sign-up", |limiter, n| limiter.sign_up(client(n))),
        ("a confirmation", |limiter, n| limiter.confirmation(UserId(n.into())).map(drop)),
        ("a second factor", |limiter, n| limiter.second_factor(UserId(n.into())).map(drop)),
        ("a change by the API", |limiter, n| limiter.api_write(UserId(n.into()))),
        ("a mail", |limiter, n| limiter.mail(MailKind::Reset, UserId(n.into()))),
        ("an unverified address", |limiter, n| limiter.mail_to_unverified(&email(&format!("{n}@example.org")))),
        ("a client that asks for mails", |limiter, n| limiter.ask_for_mail(client(n))),
    ];
    for (what, attempt) in kinds {
        let many = TryLimits { sign_ins_per_account: 10, sign_ins_per_client: 30, mails_per_account: 3, ..limits() };
        is_remembered(what, &Limiter::new(many, names()), attempt);
    }
}

/// A number that was not used before.
fn unused() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1_000_000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn who_is_locked_out_stays_so_while_all_other_kinds_are_flooded() {
    let limiter = limiter();
    while fail(&limiter, ALICE, from(1)).is_ok() {}
    while limiter.second_factor(UserId(1)).is_ok() {}
    for n in 0..100_000 {
        // Busy answers, as the attack that emptied the one table of all.
        if let Ok(tried) = limiter.sign_in(limiter.account(&format!("{n}@example.org"), None), client(n), None) {
            limiter.take_back(tried);
        }
        let _ = limiter.ask_for_mail(client(n));
        let _ = limiter.sign_up(client(n));
    }
    assert!(fail(&limiter, ALICE, from(1)).is_err() && limiter.second_factor(UserId(1)).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_made_up_takes_a_bounded_number_of_counters() {
    let limiter = limiter();
    let accounts: std::collections::HashSet<_> =
        (0..200_000).map(|n| limiter.account(&format!("{n}@example.org"), None)).collect();
    assert!(accounts.len() <= 1 << 16 && accounts.len() > 1 << 15, "{}", accounts.len());
}

#[tokio::test(start_paused = true)]
async fn an_account_must_wait_where_it_was_tried_however_it_is_spelled() {
    let limiter = limiter();
    assert_eq!(fail_typed(&limiter, "a@example.org", from(1)), Ok(()));
    assert_eq!(fail_typed(&limiter, " A@Example.org", from(1)), Ok(()));
    assert_eq!(fail_typed(&limiter, "a@example.org", from(1)), Err(MustWait(Duration::from_secs(600))));
    assert!(fail_typed(&limiter, "a\u{200b}@exAmple.org\u{feff}", from(1)).is_err());
    assert_eq!(fail_typed(&limiter, "b@example.org", from(1)), Ok(()));
    assert_eq!(fail_typed(&limiter, "a@example.org", from(2)), Ok(()), "its user comes from elsewhere");
    tokio::time::advance(Duration::from_secs(599)).await;
    assert_eq!(fail_typed(&limiter, "a@example.org", from(1)), Err(MustWait(Duration::from_secs(1))));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(fail_typed(&limiter, "a@example.org", from(1)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_many_clients_try_must_wait_at_ten_times_the_limit() {
    let limiter = limiter();
    for client in 0..20 {
        assert_eq!(fail(&limiter, ALICE, from(client)), Ok(()));
    }
    assert!(fail(&limiter, ALICE, from(99)).is_err());
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_typed_as_an_address_uses_up_the_tries_of_those_who_name_none() {
    let limiter = limiter();
    for client in 0..20 {
        let typed = format!("monitors from {}", from(1));
        assert_eq!(fail_typed(&limiter, &typed, from(100 + client)), Ok(()));
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
        assert_eq!(fail(&limiter, ALICE, from(client)), Ok(()));
    }
    while fail_typed(&limiter, "x", from(99)).is_ok() {}
    assert!(fail(&limiter, ALICE, from(99)).is_err());
    let known = Some(KnownBrowser::numbered(7));
    for _ in 0..2 {
        assert!(limiter.sign_in(ALICE, from(99), known).is_ok(), "not even its neighbours keep it out");
    }
    assert!(limiter.sign_in(ALICE, from(99), known).is_err());
}

#[tokio::test(start_paused = true)]
async fn who_collects_the_notes_of_known_browsers_may_not_guess_without_end() {
    let limiter = limiter();
    for number in 0..20 {
        assert!(limiter.sign_in(ALICE, from(1), Some(KnownBrowser::numbered(number))).is_ok());
    }
    assert!(limiter.sign_in(ALICE, from(1), Some(KnownBrowser::numbered(99))).is_err());
}

#[tokio::test(start_paused = true)]
async fn one_customers_many_networks_do_not_lock_an_account() {
    let limiter = limiter();
    let from = |network: u16| ClientAddress(format!("2001:db8:0:{network:x}::1").parse().unwrap());
    let tried = (0..50).filter(|network| fail(&limiter, ALICE, from(*network)).is_ok()).count();
    assert_eq!(tried, 4);
    assert_eq!(fail(&limiter, ALICE, ClientAddress("2001:db8:1::1".parse().unwrap())), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_client_must_wait_whatever_account_it_tries() {
    let limiter = limiter();
    for account in ["a", "b", "c"] {
        assert_eq!(fail_typed(&limiter, account, from(1)), Ok(()));
    }
    assert!(fail_typed(&limiter, "d", from(1)).is_err());
    assert_eq!(fail_typed(&limiter, "d", from(2)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_wide_ipv6_network_must_wait_at_ten_times_the_limit() {
    let limiter = limiter();
    let from = |network: u16| ClientAddress(format!("2001:db8:0:{network:x}::1").parse().unwrap());
    for network in 0..30 {
        assert_eq!(fail_typed(&limiter, &network.to_string(), from(network)), Ok(()));
    }
    assert!(fail_typed(&limiter, "x", from(99)).is_err());
    assert_eq!(fail_typed(&limiter, "x", ClientAddress("2001:db8:1::1".parse().unwrap())), Ok(()));
    for network in 0..10 {
        assert_eq!(limiter.sign_up(from(network)), Ok(()));
    }
    assert!(limiter.sign_up(from(99)).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_success_forgives_the_account_and_a_try_that_was_none_is_taken_back_from_it() {
    let limiter =
        Limiter::new(TryLimits { sign_ins_per_client: 100, right_passwords_per_account: 100, ..limits() }, names());
    for _ in 0..10 {
        let _failed = limiter.sign_in(ALICE, from(1), None).unwrap();
        let right = limiter.sign_in(ALICE, from(1), None).unwrap();
        limiter.succeeded(right);
        tokio::time::advance(Duration::from_secs(300)).await;
    }
    for _ in 0..10 {
        let unseen = limiter.sign_in(ALICE, from(2), None).unwrap();
        limiter.take_back(unseen);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_to_whom_the_pool_was_busy_has_tried_all_the_same() {
    let limiter = limiter();
    for n in 0..3 {
        let unseen = limiter.sign_in(limiter.account(&n.to_string(), None), from(1), None).unwrap();
        limiter.take_back(unseen);
    }
    assert!(fail(&limiter, ALICE, from(1)).is_err());
    assert!(fail(&limiter, ALICE, from(2)).is_ok());
}

#[tokio::test(start_paused = true)]
async fn right_passwords_have_a_limit_that_keeps_no_known_browser_and_no_signed_in_user_out() {
    let limiter = Limiter::new(TryLimits { sign_ins_per_client: 100, ..limits() }, names());
    let right = |known| limiter.sign_in(ALICE, from(1), known).map(|tried| limiter.succeeded(tried));
    assert_eq!((0..9).filter(|_| right(None).is_ok()).count(), 4);
    tokio::time::advance(Duration::from_secs(3599)).await;
    assert!(right(None).is_err());
    let known = Some(KnownBrowser::numbered(7));
    assert_eq!((0..9).filter(|_| right(known).is_ok()).count(), 4);
    let confirm = || limiter.confirmation(UserId(1)).map(|tried| limiter.succeeded(tried));
    assert_eq!((0..9).filter(|_| confirm().is_ok()).count(), 4);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(right(None).is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_is_locked_out_of_signing_in_can_still_change_the_password_and_may_not_guess_it() {
    let limiter = limiter();
    while fail(&limiter, ALICE, from(1)).is_ok() {}
    for _ in 0..2 {
        assert!(limiter.confirmation(UserId(1)).is_ok());
    }
    assert!(limiter.confirmation(UserId(1)).is_err());
    assert!(limiter.confirmation(UserId(2)).is_ok());
    let _ = limiter.forgive(UserId(1), from(1));
    assert_eq!(fail(&limiter, ALICE, from(1)), Ok(()));
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
async fn mails_are_limited_by_client_and_each_kind_by_account() {
    let limiter = limiter();
    assert_eq!(limiter.ask_for_mail(from(1)), Ok(()));
    assert_eq!(limiter.ask_for_mail(from(1)), Ok(()));
    assert!(limiter.ask_for_mail(from(1)).is_err());
    assert_eq!(limiter.ask_for_mail(from(2)), Ok(()));
    for kind in [MailKind::SignUp, MailKind::Verification, MailKind::Reset, MailKind::Change] {
        assert_eq!(limiter.mail(kind, UserId(1)), Ok(()), "{kind:?}");
        assert_eq!(limiter.mail(kind, UserId(1)), Err(MustWait(Duration::from_secs(3600))), "{kind:?}");
    }
    assert_eq!(limiter.mail(MailKind::Reset, UserId(2)), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_nobody_has_shown_to_be_theirs_gets_few_mails_a_day() {
    let limiter = limiter();
    let mail = |to: &str| limiter.mail_to_unverified(&email(to));
    assert_eq!(mail("a@example.org"), Ok(()));
    assert_eq!(mail("A@example.org"), Ok(()));
    tokio::time::advance(Duration::from_secs(24 * 3600 - 1)).await;
    assert_eq!(mail("a@example.org"), Err(MustWait(Duration::from_secs(1))));
    assert_eq!(mail("b@example.org"), Ok(()));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(mail("a@example.org"), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn clients_whom_a_proxy_does_not_name_do_not_lock_each_other_out_and_guess_no_more() {
    let limiter = limiter();
    let unknown = ClientAddress::unknown_behind(Ipv4Addr::LOCALHOST.into());
    for number in 0..30 {
        assert_eq!(limiter.sign_up(unknown), Ok(()), "{number}");
        assert_eq!(fail_typed(&limiter, &format!("{number}@example.org"), unknown), Ok(()));
    }
    assert!(limiter.sign_up(unknown).is_err(), "there is an end all the same");
    // An account has no more tries than from all clients together.
    for _ in 0..20 {
        assert_eq!(fail_typed(&limiter, "a@example.org", unknown), Ok(()));
    }
    assert!(fail_typed(&limiter, "a@example.org", unknown).is_err());
    let other = ClientAddress::unknown_behind(Ipv4Addr::new(10, 0, 0, 1).into());
    assert_eq!(limiter.sign_up(other), Ok(()), "behind another proxy are others");
}

#[tokio::test(start_paused = true)]
async fn however_many_networks_a_flood_comes_from_all_instances_together_keep_few_rows_of_it() {
    const NETWORKS: u32 = 140_000;
    let limiter = limiter();
    let rows_of = |number| limiter.sign_up_together(client(number), UnixTime(0)).remove(0).subject;
    let rows: std::collections::HashSet<_> = (0..NETWORKS).map(rows_of).collect();
    assert!(u64::from(NETWORKS) > BUCKETS && rows.len() as u64 <= BUCKETS, "{} rows", rows.len());
    let names: std::collections::HashSet<_> = (0..1000).map(rows_of).collect();
    assert!(names.len() > 980, "of a thousand clients {} have a row of their own", names.len());
}
