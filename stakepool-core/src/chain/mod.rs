//! The EXCC chain as far as a pool must understand it: networks, amounts, hashes, addresses, keys, scripts,
//! transactions and the subsidy. All of it is pure computation.

mod address;
mod amount;
mod base58check;
mod build_vote;
mod hash;
mod hd_private_key;
mod hdkey;
mod header;
mod height;
mod inclusion;
mod message;
mod multiples;
mod network;
mod private_key;
mod redeem_script;
mod script;
mod signing;
mod subsidy;
mod ticket_outputs;
mod transaction;
mod vote;
mod wire;

pub use address::{Address, AddressError, AddressKind, PubKeyAddress, ScriptAddress};
pub use amount::{Amount, AmountError};
pub use build_vote::{BuildVoteError, TICKET_INPUT, VoteChoice, shares, unsigned_vote};
pub use hash::{BlockHash, Hash160, HashError, TicketHash, TxHash, hash160, sha256};
pub use hd_private_key::{CoinType, ExtendedPrivKey};
pub use hdkey::{ExtendedPubKey, ExternalBranch, HdKeyError, KeyIndex};
pub use header::BlockHeader;
pub use height::BlockHeight;
pub use inclusion::{Inclusion, InclusionError, merkle_root};
pub use message::{MessageSignature, NotASignature, message_hash};
pub use network::{Generation, Network, NetworkError, Params};
pub use private_key::{PrivateKey, PrivateKeyError};
pub use redeem_script::{PoolKey, RedeemScript, ScriptError, UserKey};
pub use script::OutputScript;
pub use signing::{Spends, sign_multisig, sign_pubkey_hash, unlocks};
pub use subsidy::{block_subsidy, vote_subsidy};
pub use ticket_outputs::{Commitment, NotATicket, TicketOutputs};
pub use transaction::{OutPoint, Transaction, TxInput, TxOutput};
pub use vote::{VoteBits, VoteTransaction, VoteTransactionError, VoteVersion};
pub use wire::{DecodeError, Reader, put_var_int};
