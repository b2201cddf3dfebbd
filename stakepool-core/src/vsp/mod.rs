//! The rules of a voting service provider (the API `/api/v3` of today's wallets): what a request must say, what is asked for a
//! ticket, which requests a ticket takes at which time, and what is answered. All of it without I/O.
//!
//! The way of a request: [`ticket_of`] or [`TicketPackage::parse`], [`authenticate`], the request's own `parse`, what the
//! [`TicketRegistration`] requires, the answer, [`SignedAnswer::seal`]. Each step refuses with a [`Refusal`].

mod answers;
mod fee;
mod fee_key;
mod fee_status;
mod fields;
mod in_force;
mod info;
mod listing;
mod preferences;
mod records;
mod refusal;
mod registration;
mod requests;
mod state;
mod ticket;

pub use answers::{AnswerSigner, DoneAnswer, Echo, FeeAddressAnswer, SignedAnswer, TicketStatusAnswer};
pub use fee::{BestBlock, FeePayment, FeeTerms, QUOTE_HOLDS, Quote};
pub use fee_key::{FeeAddress, FeeKey, FeeKeyError};
pub use fee_status::{CONFIRMATIONS, FeeEvent, FeeStatus, NotNow, UnknownStatus};
pub use fields::MAX_BODY;
pub use in_force::{Followed, SignedChoice, follows, time_of_answer};
pub use info::{API_VERSION, Facts, RegisteredCounts, VspInfo, server_version};
pub use listing::{ListingFault, listing_faults};
pub use preferences::Preferences;
pub use records::{Record, RecordKind, Records, surplus};
pub use refusal::{Code, Refusal};
pub use registration::{Outcome, PaidFee, TicketRegistration};
pub use requests::{
    FeeAddressRequest, PayFeeRequest, SetAltSignAddrRequest, SetVoteChoicesRequest, TicketPackage,
    require_proof_request, ticket_of,
};
pub use state::{RegisteredState, UnknownState};
pub use ticket::{Eligibility, VspTicket, alternate_address, authenticate};
