//! The stores of a pool are a store themselves: each call goes to the one that it is for. So a pool whose stores lie in
//! several places can be tested as any other store, and given wherever one store is wanted.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use stakepool_core::accounts::{Email, Registration, StoredSecret, TotpStep, User, UserId};
use stakepool_core::chain::{Amount, BlockHeight, ExtendedPubKey, KeyIndex, TicketHash};
use stakepool_core::ports::{
    AccessStore, AdminStore, AuditEntry, AuditQuery, AuditStore, Claim, ClaimStore, CountedTry, DayFees, EventCursor,
    FeeIncome, FeeKeyStore, HistoryStore, Invitation, InvitationId, InvitationStore, KeyChanges, Lease, LeaseStore,
    LedgerStore, Listed, LostAddress, LowFeeStore, LowFeeTicket, MailFailure, MailFailureStore, MailWishes, MoneyStamp,
    MoneyStore, NetworkDay, NewInvitation, NewUser, RecordChange, RegisteredFigures, RegisteredQuery, RegisteredTicket,
    RegisteredWhere, RescanStore, SealedRecord, SealedSecret, SealedStore, SecondFactor, SecondFactorStore,
    ServerState, Session, SessionStore, SessionToken, Slice, StoreError, StoredVote, TicketMail, TicketMailStore,
    TicketMoney, TicketPage, TicketQuery, TokenPurpose, TokenStore, TryStore, Turnover, UnverifiedStore, UpkeepStore,
    UserFilter, UserOverview, UserStore, VoteOverview, VoteQuery, VspTicketStore,
};
use stakepool_core::reports::{BlockFacts, TicketReport, TicketState, VoteRecord};
use stakepool_core::time::{Day, UnixTime};
use stakepool_core::vsp::{FeeKey, RegisteredCounts};

use crate::database::{DatabaseHealth, WatchedStores};
use crate::stores::{PoolStore, Stores};

impl Stores {
    /// The same stores, and what their failures say of the database.
    pub(crate) fn watched(self) -> (Self, Arc<DatabaseHealth>) {
        let health = Arc::new(DatabaseHealth::of(self.upkeep.clone()));
        let watched: Arc<dyn PoolStore> = Arc::new(WatchedStores { stores: self, health: health.clone() });
        (watched.into(), health)
    }
}

/// Has a store of [`Stores`] answer the calls of its trait, and sees the failures of [`WatchedStores`].
macro_rules! pass_on {
    ($($trait:ident to $store:ident { $(fn $name:ident($($given:ident: $type:ty),*) -> $answer:ty;)* })*) => {
        $(
            #[async_trait]
            impl $trait for Stores {
                $(
                    async fn $name(&self, $($given: $type),*) -> Result<$answer, StoreError> {
                        self.$store.$name($($given),*).await
                    }
                )*
            }

            #[async_trait]
            impl $trait for WatchedStores {
                $(
                    async fn $name(&self, $($given: $type),*) -> Result<$answer, StoreError> {
                        let answer = self.stores.$store.$name($($given),*).await;
                        self.health.note(&answer);
                        answer
                    }
                )*
            }
        )*
    };
}

pass_on! {
    UserStore to users {
        fn create(user: NewUser) -> UserId;
        fn by_id(id: UserId) -> Option<User>;
        fn by_email(email: &Email) -> Option<User>;
        fn registered() -> Vec<User>;
        fn list(after: UserId, limit: u64) -> Vec<User>;
        fn counts() -> (u64, u64);
        fn reserve_index(id: UserId, max: u32) -> KeyIndex;
        fn key_indexes() -> BTreeMap<KeyIndex, Option<UserId>>;
        fn withhold_indexes(indexes: &[KeyIndex]) -> ();
        fn withhold_free_indexes(indexes: &[KeyIndex], note: &str, text: &str) -> bool;
        fn release_indexes(indexes: &[KeyIndex], note: &str, text: &str) -> ();
        fn register(id: UserId, registration: &Registration) -> ();
        fn update(before: &User, after: &User) -> ();
    }
    SessionStore to sessions {
        fn begin(token: &SessionToken, session: &Session) -> ();
        fn find(token: &SessionToken, now: UnixTime) -> Option<Session>;
        fn set_end(token: &SessionToken, expires: UnixTime) -> ();
        fn end(token: &SessionToken) -> ();
        fn end_all(user: UserId, except: Option<&SessionToken>) -> ();
    }
    TokenStore to tokens {
        fn put(purpose: TokenPurpose, hash: [u8; 32], user: UserId, email: Option<&Email>, expires: UnixTime) -> ();
        fn peek(purpose: TokenPurpose, hash: &[u8; 32], now: UnixTime) -> Option<(UserId, Option<Email>)>;
        fn take(purpose: TokenPurpose, hash: &[u8; 32], now: UnixTime) -> Option<(UserId, Option<Email>)>;
    }
    AccessStore to access {
        fn sessions_of(user: UserId, now: UnixTime) -> Vec<(SessionToken, Session)>;
        fn revoke_tokens(user: UserId, purpose: TokenPurpose) -> ();
        fn first_use(key: &[u8; 32], now: UnixTime, expires: UnixTime) -> bool;
    }
    SecondFactorStore to second_factors {
        fn second_factor(user: UserId) -> Option<SecondFactor>;
        fn propose_factor(user: UserId, secret: &StoredSecret) -> ();
        fn confirm_factor(user: UserId, secret: &StoredSecret, step: TotpStep, recovery: &[[u8; 32]]) -> bool;
        fn factor_secrets() -> Vec<(UserId, StoredSecret)>;
        fn change_secret(user: UserId, old: &StoredSecret, new: &StoredSecret) -> bool;
        fn use_step(user: UserId, step: TotpStep) -> bool;
        fn use_recovery(user: UserId, hash: &[u8; 32]) -> bool;
        fn renew_recovery(user: UserId, recovery: &[[u8; 32]]) -> ();
        fn remove_factor(user: UserId) -> ();
    }
    LowFeeStore to low_fee {
        fn add(ticket: &LowFeeTicket) -> bool;
        fn remove(ticket: &TicketHash) -> bool;
        fn active(now: UnixTime) -> Vec<LowFeeTicket>;
        fn settle(deep: BlockHeight) -> bool;
    }
    LedgerStore to ledger {
        fn put_tickets(daemon: &str, reports: &[TicketReport], now: UnixTime) -> ();
        fn changes() -> u64;
        fn put_votes(daemon: &str, votes: &[VoteRecord]) -> ();
        fn tickets(query: &TicketQuery) -> TicketPage;
        fn ticket(ticket: &TicketHash) -> Option<TicketReport>;
        fn votes(ticket: Option<&TicketHash>, limit: u64) -> Vec<StoredVote>;
        fn ticket_counts(user: Option<UserId>) -> Vec<(TicketState, bool, u64)>;
        fn locked(user: UserId) -> Amount;
        fn lost_addresses() -> Vec<LostAddress>;
        fn cursor(daemon: &str) -> Option<EventCursor>;
        fn set_cursor(daemon: &str, cursor: EventCursor) -> ();
    }
    AdminStore to admin {
        fn find_users(text: &str, filter: UserFilter, slice: Slice, now: UnixTime) -> Listed<UserOverview>;
        fn user_overview(id: UserId, now: UnixTime) -> Option<UserOverview>;
        fn find_votes(query: &VoteQuery, slice: Slice) -> Listed<VoteOverview>;
        fn added_tickets(slice: Slice) -> Listed<LowFeeTicket>;
        fn audit_log(query: &AuditQuery, slice: Slice) -> Listed<AuditEntry>;
    }
    AuditStore to audit {
        fn append(entry: &AuditEntry) -> ();
        fn latest(limit: u64) -> Vec<AuditEntry>;
    }
    MoneyStore to money {
        fn lacking_facts(after: Option<&TicketHash>, limit: u64) -> Vec<TicketReport>;
        fn count_lacking_facts() -> u64;
        fn fill_facts(tickets: &[TicketHash], blocks: &[BlockFacts], maturity: u32, now: UnixTime) -> u64;
        fn money_of(user: UserId) -> Vec<TicketMoney>;
        fn money_stamp(user: UserId) -> MoneyStamp;
        fn pool_fees_by_day() -> Vec<DayFees>;
        fn registered_fees_by_day() -> Vec<DayFees>;
    }
    HistoryStore to history {
        fn note_day(seen: &NetworkDay) -> ();
        fn days_since(first: Day) -> Vec<NetworkDay>;
        fn turnover(user: Option<UserId>, bounds: &[BlockHeight]) -> Vec<Turnover>;
    }
    LeaseStore to leases {
        fn lease(work: &str, holder: &str, now: UnixTime, until: UnixTime) -> Option<Lease>;
        fn holds(lease: &Lease) -> bool;
        fn set_note_under(lease: &Lease, name: &str, text: &str) -> bool;
        fn give_back(work: &str, holder: &str) -> ();
        fn holder(work: &str, now: UnixTime) -> Option<String>;
    }
    RescanStore to rescans {
        fn owed_rescan(wallet: &str) -> Option<BlockHeight>;
        fn owe_rescan(wallet: &str, from: BlockHeight) -> ();
        fn rescan_done(wallet: &str, from: BlockHeight) -> ();
    }
    TicketMailStore to ticket_mails {
        fn mail_wishes(user: UserId) -> MailWishes;
        fn set_mail_wishes(user: UserId, wishes: MailWishes) -> ();
        fn note_mails(mails: &[TicketMail], now: UnixTime) -> ();
        fn claim_mails(now: UnixTime, until: UnixTime, limit: u64) -> Vec<TicketMail>;
        fn keep_claim(mail: &TicketMail, until: UnixTime) -> bool;
        fn mail_done(mail: &TicketMail) -> ();
    }
    InvitationStore to invitations {
        fn add_invitation(invitation: &NewInvitation) -> InvitationId;
        fn invitations(slice: Slice) -> Listed<Invitation>;
        fn revoke_invitation(id: InvitationId, now: UnixTime) -> bool;
        fn open_invitation(code_hash: &[u8; 32], now: UnixTime) -> Option<InvitationId>;
        fn use_invitation(code_hash: &[u8; 32], now: UnixTime) -> Option<InvitationId>;
        fn return_invitation(id: InvitationId) -> ();
    }
    MailFailureStore to mail_failures {
        fn mail_failed(failure: &MailFailure) -> ();
        fn mail_arrived(user: UserId) -> ();
        fn mail_failures(after: UnixTime) -> Vec<MailFailure>;
    }
    TryStore to tries {
        fn count_try(subject: &str, most: u32, now: UnixTime, until: UnixTime) -> Option<UnixTime>;
        fn count_tries(tries: &[CountedTry], now: UnixTime) -> Option<UnixTime>;
        fn end_tries(forgotten: &[String], taken_back: &[String]) -> ();
        fn forget_tries(subject: &str) -> ();
    }
    UnverifiedStore to unverified {
        fn remove_unverified(before: UnixTime, now: UnixTime, keep: &[UserId], limit: u64) -> Vec<UserId>;
    }
    UpkeepStore to upkeep {
        fn try_write(now: UnixTime) -> ();
        fn check() -> ();
        fn server_state() -> Option<ServerState>;
        fn set_note(name: &str, text: &str) -> ();
        fn forget_note(name: &str) -> ();
        fn notes(prefix: &str) -> Vec<(String, String)>;
    }
    VspTicketStore to vsp_tickets {
        fn registered_ticket(ticket: &TicketHash) -> Option<RegisteredTicket>;
        fn registered_among(tickets: &[TicketHash]) -> Vec<RegisteredTicket>;
        fn add_registered_with(ticket: &RegisteredTicket, records: &[SealedRecord]) -> bool;
        fn change_registered(ticket: &RegisteredTicket, records: &RecordChange) -> bool;
        fn forget_registered(ticket: &TicketHash, revision: u64) -> bool;
        fn registered_where(wanted: RegisteredWhere) -> Vec<RegisteredTicket>;
        fn key_changes(since: Option<u64>) -> KeyChanges;
        fn records(ticket: &TicketHash) -> Vec<SealedRecord>;
        fn registered_counts() -> RegisteredCounts;
        fn find_registered(query: &RegisteredQuery, slice: Slice) -> Listed<RegisteredTicket>;
        fn registered_figures() -> RegisteredFigures;
        fn fee_income(since: UnixTime) -> FeeIncome;
    }
    ClaimStore to claims {
        fn add_claim(claim: &Claim) -> bool;
        fn release_claim(ticket: &TicketHash, user: UserId) -> bool;
        fn release_claims(user: UserId) -> u64;
        fn claims_of(user: UserId) -> Vec<Claim>;
        fn claims_among(tickets: &[TicketHash]) -> Vec<Claim>;
    }
    FeeKeyStore to fee_keys {
        fn fee_keys() -> Vec<FeeKey>;
        fn fee_key(key: &ExtendedPubKey) -> Option<FeeKey>;
        fn add_fee_key(key: &FeeKey, now: UnixTime) -> bool;
        fn change_fee_key(before: &FeeKey, after: &FeeKey) -> bool;
    }
    SealedStore to sealed {
        fn sealed(name: &str) -> Option<SealedSecret>;
        fn add_sealed(name: &str, secret: &SealedSecret) -> bool;
        fn change_sealed(name: &str, before: &SealedSecret, after: &SealedSecret) -> bool;
    }
}
