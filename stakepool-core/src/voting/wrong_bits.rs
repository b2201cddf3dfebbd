//! Users whose vote bits cannot be right.

use super::bits::can_be_right;
use super::engine::Engine;
use super::tell::{NAMED, count, named};
use crate::accounts::VotingPreference;
use crate::chain::VoteBits;
use crate::ports::WalletInfo;

impl Engine {
    /// Names users whose bits are not voted because they cannot be right: the web lets nobody choose such bits.
    pub(super) fn check_bits(&self) {
        let wallets = (0..self.caster().wallet_count())
            .filter_map(|index| Some((self.caster().wallet_info(index)?, self.caster().agenda_bits(index))));
        let wallets: Vec<_> = wallets.collect();
        let desired = self.desired();
        let wrong = |voting: &VotingPreference| {
            let of_wallet = |(info, agendas): &(WalletInfo, Option<VoteBits>)| {
                voting.version == info.vote_version && !can_be_right(voting.bits, *agendas)
            };
            !voting.bits.approves() || wallets.iter().any(of_wallet)
        };
        let wrong: Vec<_> = desired.users().filter(|user| wrong(&user.voting)).collect();
        if wrong.is_empty() {
            return self.solved("bits");
        }
        let users = count(wrong.len() as u64, "user", "users");
        let names = named(&wrong, NAMED, |user| format!("user {}: {}", user.user, user.voting.bits));
        let what = format!(
            "the vote bits of {users} cannot be right ({names}): they reject the block that they vote on, or answer an agenda that does \
             not exist, and no page takes such bits. Default bits are voted: check the web's database, and who has the rpctoken"
        );
        self.problems_of().figures("bits", what);
    }
}
