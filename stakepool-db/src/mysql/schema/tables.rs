//! The tables, as they are made.
//!
//! Texts of ours are compared by all their characters, and rows have the format in which long keys fit, whatever the
//! server's defaults are. Times are Unix seconds unless the name says otherwise.

use crate::layout::{self, Layout};

/// What tables of ours have behind their columns.
pub(super) const OURS: &str = "ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
/// What the predecessor's have.
pub(super) const THEIRS: &str = "ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4";

/// A table with its columns.
#[derive(Clone, Copy)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static str,
}

/// The tables of the predecessor, as it makes them.
pub(super) const PREDECESSOR: [Table; 4] = [
    Table {
        name: "Users",
        columns: "UserId bigint(20) NOT NULL AUTO_INCREMENT, Email varchar(255), Username varchar(255), \
                  Password mediumblob, MultiSigAddress varchar(255), MultiSigScript varchar(255), \
                  PoolPubKeyAddr varchar(255), UserPubKeyAddr varchar(255), UserFeeAddr varchar(255), \
                  HeightRegistered bigint(20), EmailVerified bigint(20), EmailToken varchar(255), \
                  APIToken varchar(255), VoteBits bigint(20), VoteBitsVersion bigint(20), PRIMARY KEY (UserId)",
    },
    Table {
        name: "LowFeeTicket",
        columns: "LowFeeTicketID bigint(20) NOT NULL AUTO_INCREMENT, AddedByUid bigint(20), \
                  TicketAddress varchar(255), TicketHash varchar(255), TicketExpiry bigint(20), Voted bigint(20), \
                  Created bigint(20), Expires bigint(20), PRIMARY KEY (LowFeeTicketID)",
    },
    Table {
        name: "EmailChange",
        columns: "EmailChangeID bigint(20) NOT NULL AUTO_INCREMENT, UserId bigint(20), NewEmail varchar(255), \
                  Token varchar(255), Created bigint(20), Expires bigint(20), PRIMARY KEY (EmailChangeID)",
    },
    Table {
        name: "PasswordReset",
        columns: "PasswordResetID bigint(20) NOT NULL AUTO_INCREMENT, UserId bigint(20), Token varchar(255), \
                  Created bigint(20), Expires bigint(20), PRIMARY KEY (PasswordResetID)",
    },
];

/// A column that a table of ours got in a later version.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    pub(super) definition: &'static str,
}

/// In the order in which they came.
pub(super) const LATER: [Column; 14] = [
    Column { table: "accounts", name: "bcrypt", definition: "MEDIUMBLOB NULL" },
    Column { table: "mail_wishes", name: "notices", definition: "BIGINT NOT NULL DEFAULT 1" },
    Column { table: "leases", name: "fence", definition: "BIGINT NOT NULL DEFAULT 0" },
    Column { table: "leases", name: "acts", definition: "BIGINT NOT NULL DEFAULT 0" },
    Column { table: "tickets", name: "mined_time", definition: "BIGINT" },
    Column { table: "tickets", name: "matured_time", definition: "BIGINT" },
    Column { table: "tickets", name: "drawn_time", definition: "BIGINT" },
    Column { table: "tickets", name: "ended_time", definition: "BIGINT" },
    Column { table: "tickets", name: "spend_tx", definition: "VARCHAR(64)" },
    Column { table: "tickets", name: "spend_at", definition: "BIGINT" },
    Column { table: "tickets", name: "spend_time", definition: "BIGINT" },
    Column { table: "tickets", name: "spend_paid", definition: "BIGINT" },
    Column { table: "tickets", name: "spend_first", definition: "BIGINT" },
    Column { table: "tickets", name: "lacks_facts", definition: "BIGINT NOT NULL DEFAULT 1" },
];

/// An index that a table of ours got in a later version.
#[derive(Clone, Copy)]
pub(super) struct Index {
    pub(super) table: &'static str,
    pub(super) name: &'static str,
    /// What makes it, as part of the table.
    pub(super) definition: &'static str,
}

/// In the order in which they came.
pub(super) const LATER_INDEXES: [Index; 5] = [
    Index { table: "counted_tries", name: "counted_tries_by_end", definition: "KEY counted_tries_by_end (ends)" },
    Index {
        table: "tickets",
        name: "tickets_of_user_price",
        definition: "KEY tickets_of_user_price (user_id, price, ticket, state, ignored)",
    },
    Index { table: "tickets", name: "tickets_lacking", definition: "KEY tickets_lacking (lacks_facts, ticket)" },
    Index { table: "tickets", name: "tickets_changed", definition: "KEY tickets_changed (user_id, updated)" },
    Index {
        table: "tickets",
        name: "tickets_spent",
        definition: "KEY tickets_spent (spend_time, verdict, committed_fee, spend_first)",
    },
];

/// All tables that hold something of the pool's, with all their columns.
pub(crate) fn layouts() -> Vec<Layout> {
    let theirs = PREDECESSOR.iter().map(|table| Layout::read(table.name, false, table.columns));
    let ours = OWN.iter().map(|table| Layout::read(table.name, true, table.columns));
    let mut layouts: Vec<Layout> = theirs.chain(ours).collect();
    for column in LATER {
        if let Some(layout) = layouts.iter_mut().find(|layout| layout.name == column.table) {
            layout.add(column.name, column.definition);
        }
    }
    for index in LATER_INDEXES {
        let layout = layouts.iter_mut().find(|layout| layout.name == index.table);
        if let Some(layout) = layout.filter(|layout| layout.indexes.iter().all(|known| known.name != index.name)) {
            layout.indexes.push(layout::Index { name: index.name, definition: index.definition });
        }
    }
    layouts
}

/// Our own tables. What each column means stands in the migrations of SQLite.
pub(super) const OWN: &[Table] = &[
    Table {
        name: "accounts",
        columns: "user_id BIGINT NOT NULL PRIMARY KEY, email_key VARCHAR(512) UNIQUE, address_key VARCHAR(255) UNIQUE, \
                  argon2 LONGTEXT NOT NULL, api_keys_valid_from BIGINT NOT NULL DEFAULT 0, \
                  created BIGINT NOT NULL DEFAULT 0, disabled BIGINT NOT NULL DEFAULT 0, \
                  admin BIGINT NOT NULL DEFAULT 0, last_sign_in BIGINT NOT NULL DEFAULT 0",
    },
    Table { name: "key_indexes", columns: "key_index BIGINT NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL UNIQUE" },
    Table {
        name: "tokens",
        columns: "token_hash VARBINARY(64) NOT NULL PRIMARY KEY, purpose VARCHAR(64) NOT NULL, \
                  user_id BIGINT NOT NULL, email VARCHAR(512) NOT NULL, expires BIGINT NOT NULL, \
                  KEY tokens_by_expiry (expires), KEY tokens_of_user (user_id, purpose)",
    },
    Table {
        name: "sessions",
        columns: "token_hash VARBINARY(64) NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, created BIGINT NOT NULL, \
                  last_seen BIGINT NOT NULL, expires BIGINT NOT NULL, client LONGTEXT NOT NULL, \
                  KEY sessions_of_user (user_id), KEY sessions_by_expiry (expires)",
    },
    Table {
        name: "tickets",
        columns: "ticket VARCHAR(64) NOT NULL PRIMARY KEY, address VARCHAR(255) NOT NULL, user_id BIGINT NOT NULL, \
                  state VARCHAR(32) NOT NULL, verdict VARCHAR(64) NOT NULL, price BIGINT NOT NULL, \
                  fee_address VARCHAR(255) NOT NULL, committed_fee BIGINT NOT NULL, required_fee BIGINT NOT NULL, \
                  mined_at BIGINT NOT NULL, added BIGINT NOT NULL, ignored BIGINT NOT NULL, ended_at BIGINT, \
                  revoked BIGINT NOT NULL DEFAULT 0, told_by VARCHAR(512) NOT NULL, updated BIGINT NOT NULL, \
                  KEY tickets_of_user (user_id, mined_at, ticket, state, ignored), \
                  KEY tickets_by_state (state, ignored, mined_at, ticket), \
                  KEY tickets_newest (mined_at, ticket, state, ignored), \
                  KEY tickets_ended (ended_at, ignored, state), \
                  KEY tickets_of_user_ended (user_id, ended_at, ticket, state, ignored)",
    },
    Table {
        name: "votes",
        columns: "daemon VARCHAR(512) NOT NULL, ticket VARCHAR(64) NOT NULL, block VARCHAR(64) NOT NULL, \
                  address VARCHAR(255) NOT NULL, height BIGINT NOT NULL, bits BIGINT NOT NULL, \
                  outcome VARCHAR(32) NOT NULL, detail LONGTEXT NOT NULL, attempts BIGINT NOT NULL, \
                  total_ns BIGINT NOT NULL, signing_ns BIGINT NOT NULL, sending_ns BIGINT NOT NULL, \
                  at_ms BIGINT NOT NULL, PRIMARY KEY (daemon, ticket, block), \
                  KEY votes_latest (at_ms, ticket, block), KEY votes_of_ticket (ticket, at_ms, block), \
                  KEY votes_by_outcome (outcome, at_ms)",
    },
    Table {
        name: "daemon_cursors",
        columns: "daemon VARCHAR(512) NOT NULL PRIMARY KEY, epoch BIGINT NOT NULL, seq BIGINT NOT NULL",
    },
    Table {
        name: "audit",
        columns: "id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, at BIGINT NOT NULL, actor LONGTEXT NOT NULL, \
                  action LONGTEXT NOT NULL, subject LONGTEXT NOT NULL, detail LONGTEXT NOT NULL",
    },
    Table {
        name: "second_factors",
        columns: "user_id BIGINT NOT NULL PRIMARY KEY, secret VARBINARY(255) NOT NULL, confirmed BIGINT NOT NULL, \
                  last_step BIGINT NOT NULL",
    },
    Table {
        name: "recovery_codes",
        columns: "user_id BIGINT NOT NULL, code_hash VARBINARY(64) NOT NULL, PRIMARY KEY (user_id, code_hash)",
    },
    Table {
        name: "used_once",
        columns: "`key` VARBINARY(64) NOT NULL PRIMARY KEY, expires BIGINT NOT NULL, \
                  KEY used_once_by_expiry (expires)",
    },
    Table {
        name: "mail_wishes",
        columns: "user_id BIGINT NOT NULL PRIMARY KEY, ignored BIGINT NOT NULL, voted BIGINT NOT NULL, \
                  missed BIGINT NOT NULL",
    },
    Table {
        name: "ticket_mails",
        columns: "ticket VARCHAR(64) NOT NULL, kind VARCHAR(64) NOT NULL, user_id BIGINT NOT NULL, \
                  noted BIGINT NOT NULL, tries BIGINT NOT NULL, next_try BIGINT NOT NULL, done BIGINT NOT NULL, \
                  PRIMARY KEY (ticket, kind), KEY ticket_mails_due (done, next_try)",
    },
    Table {
        name: "network_days",
        columns: "day BIGINT NOT NULL PRIMARY KEY, height BIGINT NOT NULL, network_live BIGINT NOT NULL, \
                  pool_live BIGINT NOT NULL",
    },
    Table { name: "rescans", columns: "wallet VARCHAR(512) NOT NULL PRIMARY KEY, from_height BIGINT NOT NULL" },
    Table {
        name: "leases",
        columns: "work VARCHAR(255) NOT NULL PRIMARY KEY, holder VARCHAR(512) NOT NULL, until BIGINT NOT NULL",
    },
    Table { name: "write_tries", columns: "id BIGINT NOT NULL PRIMARY KEY, at BIGINT NOT NULL" },
    Table { name: "notes", columns: "name VARCHAR(512) NOT NULL PRIMARY KEY, text LONGTEXT NOT NULL" },
    Table {
        name: "invitations",
        columns: "id BIGINT NOT NULL PRIMARY KEY, code_hash VARCHAR(64) NOT NULL UNIQUE, made_by VARCHAR(64) NOT NULL, \
                  note LONGTEXT NOT NULL, uses BIGINT NOT NULL, used BIGINT NOT NULL, created BIGINT NOT NULL, \
                  expires BIGINT NOT NULL, revoked BIGINT",
    },
    Table {
        name: "mail_failures",
        columns: "user_id BIGINT NOT NULL PRIMARY KEY, failed_at BIGINT NOT NULL, reason LONGTEXT NOT NULL",
    },
    Table {
        name: "counted_tries",
        columns: "subject VARCHAR(255) NOT NULL PRIMARY KEY, tries BIGINT NOT NULL, ends BIGINT NOT NULL, \
                  KEY counted_tries_by_end (ends)",
    },
    Table {
        name: "vsp_tickets",
        columns: "ticket VARCHAR(64) NOT NULL PRIMARY KEY, owner VARCHAR(255) NOT NULL, alternate VARCHAR(255) NOT NULL, \
                  fee_index BIGINT NOT NULL, fee_address VARCHAR(255) NOT NULL UNIQUE, fee_amount BIGINT NOT NULL, \
                  fee_expires BIGINT NOT NULL, confirmed_at BIGINT, fee_status VARCHAR(16) NOT NULL, \
                  fee_since BIGINT NOT NULL, fee_hash VARCHAR(64) NOT NULL, payment MEDIUMBLOB NOT NULL, \
                  fee_mined_at BIGINT, voting_key MEDIUMBLOB NOT NULL, preferences LONGTEXT NOT NULL, \
                  outcome VARCHAR(16) NOT NULL, ended_at BIGINT, ticket_tx MEDIUMBLOB NOT NULL, \
                  registered BIGINT NOT NULL, revision BIGINT NOT NULL, \
                  KEY vsp_tickets_by_state (fee_status, outcome), KEY vsp_tickets_unconfirmed (outcome, confirmed_at), \
                  KEY vsp_tickets_confirmed (confirmed_at), KEY vsp_tickets_paid (fee_mined_at), \
                  KEY vsp_tickets_ended (ended_at)",
    },
    Table {
        name: "vsp_records",
        columns: "ticket VARCHAR(64) NOT NULL, number BIGINT NOT NULL, kind VARCHAR(32) NOT NULL, stamp BIGINT NOT NULL, \
                  sealed MEDIUMBLOB NOT NULL, PRIMARY KEY (ticket, number)",
    },
    Table {
        name: "vsp_fee_keys",
        columns: "fee_key VARCHAR(255) NOT NULL PRIMARY KEY, next_index BIGINT NOT NULL, retired BIGINT NOT NULL, \
                  added BIGINT NOT NULL",
    },
    Table { name: "sealed_secrets", columns: "name VARCHAR(64) NOT NULL PRIMARY KEY, sealed MEDIUMBLOB NOT NULL" },
    Table {
        name: "vsp_claims",
        columns: "ticket VARCHAR(64) NOT NULL PRIMARY KEY, user_id BIGINT NOT NULL, made BIGINT NOT NULL, \
                  KEY vsp_claims_of_user (user_id, made)",
    },
    Table { name: "vsp_changes", columns: "ticket VARCHAR(64) NOT NULL PRIMARY KEY, number BIGINT NOT NULL UNIQUE" },
    // Whose writers go one after the other.
    Table { name: "turns", columns: "name VARCHAR(64) NOT NULL PRIMARY KEY, taken BIGINT NOT NULL" },
    // Transactions that are done, for as long as somebody may try them again.
    Table {
        name: "operations",
        columns: "id VARCHAR(128) NOT NULL PRIMARY KEY, at BIGINT NOT NULL, KEY operations_by_time (at)",
    },
];
