//! Which vote bits are voted: a user's, where they can be right, else the wallet's.

use crate::accounts::VotingPreference;
use crate::chain::VoteBits;
use crate::ports::WalletInfo;

/// The bits that a wallet votes by itself. One that rejects blocks is not followed in that.
pub(super) fn default_bits(info: &WalletInfo) -> VoteBits {
    if info.vote_bits.approves() { info.vote_bits } else { VoteBits::APPROVE }
}

/// The user's bits where they were chosen for the version that the wallet votes and can be right for its agendas; else
/// the wallet's own.
pub(super) fn choose(wanted: Option<VotingPreference>, info: &WalletInfo, agendas: Option<VoteBits>) -> VoteBits {
    match wanted {
        Some(voting) if voting.version == info.vote_version && can_be_right(voting.bits, agendas) => voting.bits,
        _ => default_bits(info),
    }
}

/// Whether bits approve the previous block and use no bits beyond those of the agendas, where these are known.
pub(super) fn can_be_right(bits: VoteBits, agendas: Option<VoteBits>) -> bool {
    let known = agendas.map_or(u16::MAX, |agendas| agendas.0 | VoteBits::APPROVE.0);
    bits.approves() && bits.0 & !known == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::VoteVersion;

    #[test]
    fn bits_without_approval_or_beyond_the_agendas_are_not_voted() {
        let info = WalletInfo::ready(VoteVersion(11));
        let wants = |bits, version| Some(VotingPreference { bits: VoteBits(bits), version: VoteVersion(version) });
        let agendas = Some(VoteBits(0b0110));
        for (wanted, agendas, voted) in [
            (wants(0b0101, 11), agendas, 0b0101),
            (wants(0b0101, 11), None, 0b0101),
            (wants(0b0101, 11), Some(VoteBits(0)), 1),
            (wants(0b1001, 11), agendas, 1),
            (wants(0b0100, 11), agendas, 1),
            (wants(0, 11), None, 1),
            (wants(0b0101, 10), agendas, 1),
            (None, agendas, 1),
        ] {
            assert_eq!(choose(wanted, &info, agendas), VoteBits(voted), "{wanted:?} {agendas:?}");
        }
        let rejects = WalletInfo { vote_bits: VoteBits(0), ..info.clone() };
        assert_eq!(choose(None, &rejects, None), VoteBits::APPROVE);
        let answers = WalletInfo { vote_bits: VoteBits(5), ..info };
        assert_eq!(choose(None, &answers, None), VoteBits(5));
    }
}
