//! Between the messages of the protocol and the types of the core. Whatever comes from outside is checked here, and
//! a refusal names the field.

mod blocks;
mod events;
mod fee_indexes;
mod field;
mod status;
mod tickets;
mod wanted;

pub(super) use events::{EventCollector, batch_into_pieces, cursor};
pub(super) use field::FieldError;
pub(super) use tickets::{
    added_from_old, added_into_old, entries_from_old, entries_into_old, users_from_old, users_into_old,
};
pub(super) use wanted::{WantedCollector, wanted_into_pieces};
