//! What wallets of today ask for.

use warp::http::Method;

/// What stands in front of every command.
pub const PREFIX: &str = "v3/";

/// What wallets of today ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// What the pool says of itself.
    VspInfo,
    /// Something of a ticket.
    OfTicket(TicketCommand),
}

/// What wallets of today ask for a ticket, in a signed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketCommand {
    /// Where a ticket's fee goes.
    FeeAddress,
    /// Pays it.
    PayFee,
    /// How a ticket stands.
    TicketStatus,
    /// Sets what it votes.
    SetVoteChoices,
    /// Names another address whose key may sign.
    SetAltSignAddr,
    /// Everything that was signed for a ticket.
    TicketProof,
}

impl Command {
    /// All of them; one that is not here is not answered.
    pub const ALL: [Self; 7] = [
        Self::VspInfo,
        Self::OfTicket(TicketCommand::FeeAddress),
        Self::OfTicket(TicketCommand::PayFee),
        Self::OfTicket(TicketCommand::TicketStatus),
        Self::OfTicket(TicketCommand::SetVoteChoices),
        Self::OfTicket(TicketCommand::SetAltSignAddr),
        Self::OfTicket(TicketCommand::TicketProof),
    ];

    /// Its name in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VspInfo => "vspinfo",
            Self::OfTicket(command) => command.name(),
        }
    }

    /// How it is asked for.
    pub const fn method(self) -> Method {
        match self {
            Self::VspInfo => Method::GET,
            Self::OfTicket(_) => Method::POST,
        }
    }

    /// The command of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.name() == name)
    }
}

impl TicketCommand {
    /// Its name in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FeeAddress => "feeaddress",
            Self::PayFee => "payfee",
            Self::TicketStatus => "ticketstatus",
            Self::SetVoteChoices => "setvotechoices",
            Self::SetAltSignAddr => "setaltsignaddr",
            Self::TicketProof => "ticketproof",
        }
    }

    /// Whether calls for one ticket are counted: those that ask the node or write.
    pub(super) const fn is_limited_by_ticket(self) -> bool {
        !matches!(self, Self::TicketStatus)
    }
}
