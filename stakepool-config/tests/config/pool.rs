//! What the web's configuration says of the pool.

use std::time::Duration;

use stakepool_core::accounts::UserId;

use super::{Host, VOTING, assert_only, web_lines};

#[test]
fn every_term_of_the_pool_is_taken_from_the_file() {
    let lines = "poolfees=5\nmaxusers=77\nminservers=2\nclosepool=1\nclosepoolmsg=back on Monday";
    let config = Host::new().web(&web_lines(lines));
    let terms = config.pool_terms();
    assert_eq!((terms.network, terms.cold_wallet, terms.fee), (config.network, config.cold_wallet, config.pool_fee));
    assert_eq!(terms.voting_wallet, VOTING.parse().unwrap());
    assert_eq!((terms.max_users, terms.min_servers), (77, 2));
    assert_eq!(terms.closed.get().as_deref(), Some("back on Monday"));
    assert_eq!(*Host::new().web(&web_lines("closepoolmsg=later")).pool_terms().closed.get(), None);
}

#[test]
fn administrators_site_and_warnings_come_along() {
    let lines = "baseurl=https://pool.example.org\npoolemail=help@example.org\nadminuserids=3,4\nadmintotp=1";
    let config = Host::new().web(&web_lines(lines));
    let settings = config.pool_settings();
    assert_eq!(settings.site.base_url, "https://pool.example.org");
    assert_eq!(settings.site.help_email, "help@example.org");
    assert_eq!(
        (settings.administrators.get().to_vec(), settings.admin_second_factor),
        (vec![UserId(3), UserId(4)], true)
    );
    assert_eq!(settings.warnings, config.warnings);
}

#[test]
fn limits_of_accounts_are_as_the_file_says() {
    const MINUTE: u64 = 60;
    const DAY: u64 = 24 * 60 * MINUTE;
    let read = |lines: &str| {
        let settings = Host::new().web(&web_lines(lines)).pool_settings();
        let days = settings.unverified_lasts.map(|lasts| lasts.as_secs() / DAY);
        (settings.admin_idle, days, *settings.invitations_required.get())
    };
    assert_eq!(read(""), (Duration::from_secs(30 * MINUTE), Some(7), false));
    let lines = "adminidleminutes=5\nunverifieddays=0\ninvitations=Required";
    assert_eq!(read(lines), (Duration::from_secs(5 * MINUTE), None, true));
    for wrong in ["adminidleminutes=0", "adminidleminutes=10081", "unverifieddays=3651", "invitations=maybe"] {
        let (key, _) = wrong.split_once('=').unwrap();
        assert_only(&Host::new().web_errors(&web_lines(wrong)), &[key]);
    }
}
