//! What the web's configuration says of the pool.

use stakepool_core::accounts::UserId;

use super::{Host, VOTING, web_lines};

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
