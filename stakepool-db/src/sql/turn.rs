//! What is written one after the other.

/// Writers of the same turn go one after the other, so that what one reads holds until it has written. In SQLite all
/// writers do; on a server those who name the same turn, whichever process they are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Statements that decide by themselves or by a key: they wait for nobody.
    None,
    /// Users, their numbers and their key indexes.
    Users,
    /// Tickets and votes.
    Ledger,
    /// Low-fee tickets.
    LowFee,
    /// Mails, and whom they did not reach.
    Mails,
    /// Invitations.
    Invitations,
    /// Counted tries.
    Tries,
    /// Registered tickets, whose changes have numbers.
    Registered,
}

impl Turn {
    /// Every turn for which somebody may have to wait.
    pub(crate) const ALL: [Self; 7] =
        [Self::Users, Self::Ledger, Self::LowFee, Self::Mails, Self::Invitations, Self::Tries, Self::Registered];

    /// Its name in the database.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Users => "users",
            Self::Ledger => "ledger",
            Self::LowFee => "low_fee",
            Self::Mails => "mails",
            Self::Invitations => "invitations",
            Self::Tries => "tries",
            Self::Registered => "registered",
        }
    }
}
