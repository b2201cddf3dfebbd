//! The EXCC chain as far as a pool must understand it: networks, amounts, hashes, addresses, keys, scripts,
//! transactions and the subsidy. All of it is pure computation.

mod address;
mod amount;
mod base58check;
mod hash;
mod hdkey;
mod header;
mod height;
mod multiples;
mod network;
mod redeem_script;
mod script;
mod subsidy;
mod transaction;
mod vote;
mod wire;

pub use address::{Address, AddressError, AddressKind, PubKeyAddress, ScriptAddress};
pub use amount::{Amount, AmountError};
pub use hash::{BlockHash, Hash160, HashError, TicketHash, TxHash, hash160, sha256};
pub use hdkey::{ExtendedPubKey, ExternalBranch, HdKeyError, KeyIndex};
pub use header::BlockHeader;
pub use height::BlockHeight;
pub use network::{Generation, Network, NetworkError, Params};
pub use redeem_script::{PoolKey, RedeemScript, ScriptError, UserKey};
pub use script::OutputScript;
pub use subsidy::{block_subsidy, vote_subsidy};
pub use transaction::{OutPoint, Transaction, TxInput, TxOutput};
pub use vote::{VoteBits, VoteTransaction, VoteTransactionError, VoteVersion};
pub use wire::{DecodeError, Reader};
