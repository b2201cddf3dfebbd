//! What a daemon knows of the lottery: users and tickets.
//!
//! A pure state machine: blocks and notifications go in (`lottery_blocks`), ballots (`winners`) and reports
//! (`lottery_reports`) come out. Tickets are followed from the block in which they are mined, so that each is judged
//! long before it can win, and every ticket of the network whose voting right belongs to a script is kept, so that it
//! does not matter whether the user or the ticket is heard of first.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use foldhash::{HashMap, HashSet as FastSet};
use serde::{Deserialize, Serialize};

use super::block_times::BlockTimes;
use super::key_signer::KeySigner;
use crate::accounts::{UserId, VotingPreference};
use crate::chain::{Amount, BlockHeight, Hash160, OutputScript, ScriptAddress, TicketHash, TicketOutputs, Transaction};
use crate::desired::{DesiredState, FeeIndexes, KeyTicket};
use crate::reports::{Spend, TicketReport, TicketState};
use crate::ticket::{Evaluator, TicketSubmission, Verdict};

/// A ticket as it is kept: 49,000 of them must be small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tracked {
    /// The hash of the script that votes, or of the key.
    pub(super) script: Hash160,
    pub(super) verdict: Verdict,
    pub(super) fee_to: OutputScript,
    pub(super) price: Amount,
    pub(super) committed: Amount,
    pub(super) required: Amount,
    pub(super) mined_at: BlockHeight,
    pub(super) end: Option<(TicketState, BlockHeight)>,
    /// Whether the block with its revocation was seen.
    pub(super) revoked: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct PoolUser {
    pub(super) id: UserId,
    pub(super) voting: VotingPreference,
    /// Kept although the desired state lacks the user, who has tickets.
    pub(super) kept: bool,
}

/// The state of the lottery as a daemon sees it.
#[derive(Debug)]
pub struct Lottery {
    pub(super) evaluator: Evaluator,
    pub(super) users: HashMap<Hash160, PoolUser>,
    pub(super) desired: Arc<DesiredState>,
    /// Tickets with keys that the desired state neither has nor withdraws.
    pub(super) kept_keys: BTreeMap<TicketHash, KeyTicket>,
    /// Those of them whose tickets were not seen, with the tip at which that was first noticed. Not saved: a restart begins anew.
    pub(super) unseen_since: BTreeMap<TicketHash, BlockHeight>,
    /// The greatest indexes of fee keys that a desired state ever had.
    pub(super) fee_indexes: FeeIndexes,
    /// Signs by keys, without a wallet. It is given what votes are made of as that is learned.
    pub(super) signer: Arc<KeySigner>,
    /// Users' scripts in which no key of the signer's is.
    pub(super) foreign_scripts: usize,
    /// Tickets with keys of their own of which is not known for certain whether or how they ended: looked up when they were old
    /// enough for that, and called live by no node since; or gone while nobody looked. Nothing is reported of them.
    pub(super) uncertain: FastSet<TicketHash>,
    /// Last reports on tickets with keys of their own that are strangers' now.
    pub(super) last_reports: Vec<TicketReport>,
    added: FastSet<TicketHash>,
    pub(super) tickets: HashMap<TicketHash, Tracked>,
    /// Live tickets that vote by keys which nobody handed over.
    pub(super) foreign: FastSet<TicketHash>,
    /// Tickets by the height at which they were mined, while they are immature.
    pub(super) maturing: BTreeMap<BlockHeight, Vec<TicketHash>>,
    /// Scripts that a wallet holds, whoever the users are: their tickets are the pool's.
    pub(super) held: FastSet<Hash160>,
    /// The height at which all wallets last listed their tickets.
    pub(super) listed_at: BlockHeight,
    pub(super) tip: BlockHeight,
    pub(super) changed: FastSet<TicketHash>,
    /// Tickets that were missed, as far as they may concern the pool, since that was last asked for.
    pub(super) missed: Vec<(TicketHash, BlockHeight)>,
    /// Ignored tickets that people were told of.
    pub(super) told_ignored: FastSet<TicketHash>,
    /// Whether other addresses may lack a user than at the last look.
    pub(super) strangers_changed: bool,
    /// Grows whenever the pool's tickets, or which of them are voted, may be others.
    pub(super) revision: u64,
    /// Revocations in the latest blocks, by height, to be undone by a reorganisation. They are not saved: one that is
    /// undone while the daemon is away is mined again.
    pub(super) revocations: BTreeMap<BlockHeight, Vec<TicketHash>>,
    /// When the latest blocks were made. Not saved: the web keeps what it was told.
    pub(super) times: BlockTimes,
    /// What spent the tickets that ended. Not saved, for the same reason.
    pub(super) spends: HashMap<TicketHash, Spend>,
    /// Tickets that were judged before any terms were known, with their transaction fees.
    pub(super) provisional: HashMap<TicketHash, Amount>,
}

impl Lottery {
    /// An empty state.
    pub fn new(evaluator: Evaluator) -> Self {
        let signer = KeySigner::of_chain(evaluator.network(), evaluator.params());
        Self::with_signer(evaluator, Arc::new(signer))
    }

    /// An empty state, which tells `signer` what votes by keys are made of.
    pub fn with_signer(evaluator: Evaluator, signer: Arc<KeySigner>) -> Self {
        Self {
            evaluator,
            signer,
            foreign_scripts: 0,
            uncertain: FastSet::default(),
            last_reports: Vec::new(),
            users: HashMap::default(),
            desired: Arc::default(),
            kept_keys: BTreeMap::new(),
            unseen_since: BTreeMap::new(),
            fee_indexes: FeeIndexes::default(),
            added: FastSet::default(),
            tickets: HashMap::default(),
            foreign: FastSet::default(),
            maturing: BTreeMap::new(),
            held: FastSet::default(),
            listed_at: BlockHeight(0),
            tip: BlockHeight(0),
            changed: FastSet::default(),
            missed: Vec::new(),
            told_ignored: FastSet::default(),
            strangers_changed: false,
            revision: 0,
            revocations: BTreeMap::new(),
            times: BlockTimes::default(),
            spends: HashMap::default(),
            provisional: HashMap::default(),
        }
    }

    pub(super) fn restore(
        &mut self,
        tip: BlockHeight,
        tickets: Vec<(TicketHash, Tracked)>,
        provisional: Vec<(TicketHash, Amount)>,
        foreign: Vec<TicketHash>,
    ) {
        self.tip = tip;
        self.provisional = provisional.into_iter().collect();
        self.foreign = foreign.into_iter().collect();
        for (hash, ticket) in tickets {
            self.insert(hash, ticket);
        }
    }

    pub(super) fn tickets_to_save(&self) -> impl Iterator<Item = (&TicketHash, &Tracked)> {
        self.tickets.iter()
    }

    pub(super) fn foreign_to_save(&self) -> impl Iterator<Item = &TicketHash> {
        self.foreign.iter()
    }

    /// The judge of tickets.
    pub const fn evaluator(&self) -> &Evaluator {
        &self.evaluator
    }

    /// The best height that was worked through.
    pub const fn tip(&self) -> BlockHeight {
        self.tip
    }

    /// The users and added tickets last set.
    pub const fn desired(&self) -> &Arc<DesiredState> {
        &self.desired
    }

    /// Takes new users and added tickets; tickets whose standing changes are reported. Users can be missing from the new
    /// state although they have tickets: nobody's registration ever ends, so that the state comes from a wrong or emptied
    /// database. Such users, and what was added for them, are voted as before; [`Lottery::missing_users`] names them. So are
    /// tickets with keys, unless the state withdraws them; [`Lottery::missing_keys`] names them.
    /// Its terms count for tickets that are judged from now on only after [`Lottery::judge_by`].
    pub fn set_desired(&mut self, desired: DesiredState) {
        let mut users: HashMap<_, _> = desired
            .users()
            .map(|user| (user.address.hash(), PoolUser { id: user.user, voting: user.voting, kept: false }))
            .collect();
        let mut added: FastSet<_> = desired.added().map(|entry| entry.ticket).collect();
        let mut missing = FastSet::default();
        for (hash, ticket) in self.tickets.iter().filter(|(_, ticket)| ticket.end.is_none()) {
            if let Some(user) = self.users.get(&ticket.script)
                && (missing.contains(&ticket.script) || !users.contains_key(&ticket.script))
            {
                users.insert(ticket.script, PoolUser { kept: true, ..*user });
                missing.insert(ticket.script);
                added.extend(self.added.get(hash));
            }
        }
        for (hash, ticket) in &self.tickets {
            let (old, new) = (self.users.get(&ticket.script), users.get(&ticket.script));
            let user_changed = old.map(|user| user.id) != new.map(|user| user.id);
            if user_changed || self.added.contains(hash) != added.contains(hash) {
                self.changed.insert(*hash);
            }
        }
        self.users = users;
        self.added = added;
        self.take_keys(&desired);
        self.desired = Arc::new(desired);
        self.strangers_changed = true;
        self.revision += 1;
    }

    /// The users and added tickets that are voted for: those desired, and those kept all the same.
    pub(super) fn users_to_save(&self) -> impl Iterator<Item = (&Hash160, UserId, VotingPreference)> {
        self.users.iter().map(|(script, user)| (script, user.id, user.voting))
    }

    pub(super) fn added_to_save(&self) -> impl Iterator<Item = (TicketHash, Hash160)> {
        self.added.iter().filter_map(|hash| {
            let listed = || self.desired.added_ticket(hash).map(|entry| entry.address.hash());
            Some((*hash, self.tickets.get(hash).map(|ticket| ticket.script).or_else(listed)?))
        })
    }

    /// Whether a ticket has been looked at.
    pub fn knows(&self, ticket: &TicketHash) -> bool {
        self.tickets.contains_key(ticket) || self.foreign.contains(ticket)
    }

    /// Looks at a mined transaction; does nothing where it is no ticket. The verdict on a known ticket stays.
    pub fn learn(&mut self, transaction: &Transaction, mined_at: BlockHeight) {
        let Ok(outputs) = TicketOutputs::from_transaction(transaction) else { return };
        let ticket = outputs.ticket;
        self.learn_ticket(outputs, mined_at);
        if self.is_by_key(&ticket) && self.matures_at(mined_at) <= self.tip {
            self.uncertain.insert(ticket);
        }
    }

    pub(super) fn learn_ticket(&mut self, outputs: TicketOutputs, mined_at: BlockHeight) {
        let submission = TicketSubmission::from(&outputs);
        let (script, verdict) = match submission.voting {
            OutputScript::ScriptHash(script) => (script, None),
            // Its fee is paid apart, and was looked at by the web.
            OutputScript::PubKeyHash(key) if self.has_key(&submission.hash) => (key, Some(Verdict::Accepted)),
            OutputScript::PubKeyHash(_) => {
                self.foreign.insert(submission.hash);
                return;
            }
        };
        if self.signer.signs_for(&submission.hash, submission.voting) {
            self.signer.add_ticket(outputs);
        }
        if self.tickets.get(&submission.hash).is_some_and(|known| known.mined_at == mined_at) {
            return;
        }
        let judged = self.judged(&submission, script, mined_at);
        let ticket = match verdict {
            Some(verdict) => Tracked { verdict, committed: Amount::ZERO, required: Amount::ZERO, ..judged },
            None => judged,
        };
        if verdict.is_none() && self.evaluator.history().is_empty() {
            self.provisional.insert(submission.hash, submission.relay_fee);
        }
        self.insert(submission.hash, ticket);
        self.changed.insert(submission.hash);
    }

    fn insert(&mut self, hash: TicketHash, ticket: Tracked) {
        if ticket.end.is_none() && self.matures_at(ticket.mined_at) > self.tip {
            self.maturing.entry(ticket.mined_at).or_default().push(hash);
        }
        self.tickets.insert(hash, ticket);
        self.revision += 1;
    }

    pub(super) fn matures_at(&self, mined_at: BlockHeight) -> BlockHeight {
        mined_at.plus(self.evaluator.params().ticket_maturity)
    }

    /// Signs votes by keys.
    pub(super) const fn signer(&self) -> &Arc<KeySigner> {
        &self.signer
    }

    pub(super) fn is_voted(&self, hash: &TicketHash, ticket: &Tracked) -> bool {
        ticket.verdict == Verdict::Accepted || self.added.contains(hash)
    }

    /// Whether an administrator added a ticket in spite of its verdict.
    pub(super) fn is_added(&self, hash: &TicketHash) -> bool {
        self.added.contains(hash)
    }

    /// The tickets that are in the lottery as far as is known, with their scripts known or not.
    pub fn believed_live(&self) -> impl Iterator<Item = (TicketHash, ScriptAddress, BlockHeight)> {
        let network = self.evaluator.network();
        self.tickets
            .iter()
            .filter(|(_, ticket)| self.state_of(ticket) == TicketState::Live)
            .map(move |(hash, ticket)| (*hash, ScriptAddress::new(network, ticket.script), ticket.mined_at))
    }

    /// Forgets foreign tickets that left the lottery.
    pub fn keep_foreign(&mut self, live: &HashSet<TicketHash>) {
        self.foreign.retain(|hash| live.contains(hash));
    }

    /// A ticket that the node calls live lives, whatever was believed.
    pub fn revive(&mut self, hash: &TicketHash) {
        if let Some(ticket) = self.tickets.get_mut(hash)
            && ticket.end.take().is_some()
        {
            ticket.revoked = false;
            self.spends.remove(hash);
            self.revision += 1;
            self.changed.insert(*hash);
        }
    }

    pub(super) fn state_of(&self, ticket: &Tracked) -> TicketState {
        match ticket.end {
            Some((state, _)) => state,
            None if self.matures_at(ticket.mined_at) <= self.tip => TicketState::Live,
            None => TicketState::Immature,
        }
    }

    /// The pool's tickets in the lottery or on their way into it, with whether they are voted or ignored.
    pub fn current(&self, voted: bool) -> impl Iterator<Item = (TicketHash, ScriptAddress)> {
        let network = self.evaluator.network();
        self.tickets
            .iter()
            .filter(move |(hash, ticket)| {
                ticket.end.is_none() && self.is_pools(&ticket.script) && self.is_voted(hash, ticket) == voted
            })
            .map(move |(hash, ticket)| (*hash, ScriptAddress::new(network, ticket.script)))
    }

    /// Whether any ticket of the pool was missed or expired and is not revoked (legacy wallets must do that).
    pub fn has_unrevoked(&self) -> bool {
        self.tickets.values().any(|ticket| {
            !ticket.revoked
                && ticket.end.is_some_and(|(state, _)| state != TicketState::Voted)
                && self.is_pools(&ticket.script)
        })
    }

    /// Those of `live` that are believed to have ended.
    pub fn believed_ended<'a>(&'a self, live: &'a HashSet<TicketHash>) -> impl Iterator<Item = TicketHash> + 'a {
        live.iter().filter(|hash| self.tickets.get(*hash).is_some_and(|ticket| ticket.end.is_some())).copied()
    }

    /// Whether any foreign ticket is not in `live` any more.
    pub fn has_stale_foreign(&self, live: &HashSet<TicketHash>) -> bool {
        self.foreign.iter().any(|hash| !live.contains(hash))
    }
}
