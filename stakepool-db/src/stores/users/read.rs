//! From rows to users.

use stakepool_core::accounts::{Email, EmailState, PasswordHashes, Registration, User, UserId, VotingPreference};
use stakepool_core::chain::{
    Address, BlockHeight, KeyIndex, PoolKey, PubKeyAddress, RedeemScript, ScriptAddress, UserKey, VoteBits, VoteVersion,
};
use stakepool_core::ports::StoreError;
use stakepool_core::store_rules::email_key;
use stakepool_core::time::UnixTime;

use crate::sql::{Fields, Row};

/// All that a user's record needs, with a condition as literal behind it. A row written by the predecessor's programs
/// since the start has no row of ours yet.
macro_rules! select_users {
    ($tail:literal) => {
        concat!(
            "SELECT u.UserId, u.Email, u.Password, u.MultiSigAddress, u.MultiSigScript, u.PoolPubKeyAddr, ",
            "u.UserPubKeyAddr, u.UserFeeAddr, ",
            "u.HeightRegistered, u.EmailVerified, u.VoteBits, u.VoteBitsVersion, a.argon2, a.api_keys_valid_from, ",
            "a.created, a.disabled, a.admin, k.key_index FROM Users u ",
            "LEFT JOIN accounts a ON a.user_id = u.UserId LEFT JOIN key_indexes k ON k.user_id = u.UserId ",
            $tail
        )
    };
}
pub(super) use select_users;

/// The user of a row with all columns of [`select_users`].
pub(in super::super) fn user(row: &Row) -> Result<User, StoreError> {
    let id: i64 = Fields::new(row, "Users", "?").number("UserId")?;
    let users = Fields::new(row, "Users", id);
    let accounts = Fields::new(row, "accounts", id);
    Ok(User {
        id: UserId(id),
        email: Email::from_store(email_key(users.text("Email")?)),
        email_state: match users.number::<i64>("EmailVerified")? {
            0 => EmailState::Unverified,
            1 => EmailState::Verified,
            2 => EmailState::Predates,
            other => return Err(users.corrupt("EmailVerified", format_args!("{other} is not known"))),
        },
        password: PasswordHashes {
            bcrypt: bcrypt(&users)?,
            argon2: Some(accounts.text("argon2")?).filter(|hash| !hash.is_empty()).map(str::to_owned),
        },
        registration: registration(&users, id)?,
        voting: VotingPreference {
            bits: VoteBits(users.number("VoteBits")?),
            version: VoteVersion(users.number("VoteBitsVersion")?),
        },
        api_keys_valid_from: UnixTime(accounts.number("api_keys_valid_from")?),
        created: UnixTime(accounts.number("created")?),
        disabled: accounts.flag("disabled")?,
        admin: accounts.flag("admin")?,
    })
}

/// As much of a registered user as voting and the wallets need, of a row that [`user`] cannot read: who has an address
/// has tickets, and those must go on voting, with default bits if need be. `None` where not even the address and its
/// keys can be read.
pub(super) fn registered_at_least(row: &Row) -> Option<User> {
    let id: i64 = Fields::new(row, "Users", "?").number("UserId").ok()?;
    let users = Fields::new(row, "Users", id);
    let address: ScriptAddress = users.parsed("MultiSigAddress").ok()?;
    let script = script_at_least(&users, &address)?;
    let key_index = users.optional("key_index").ok().flatten().or_else(|| u32::try_from(id).ok())?;
    // Neither voting nor a wallet asks for the fee address; one of the pool's own keys stands in.
    let stand_in = script.pool_address(address.network()).to_pubkey_hash();
    Some(User {
        id: UserId(id),
        email: Email::from_store(email_key(users.text("Email").unwrap_or_default())),
        email_state: EmailState::Unverified,
        password: PasswordHashes::default(),
        registration: Some(Registration {
            key_index: KeyIndex(key_index),
            address,
            script,
            fee_address: users.parsed("UserFeeAddr").unwrap_or(stand_in),
            registered_at: BlockHeight(users.number("HeightRegistered").unwrap_or_default()),
        }),
        voting: VotingPreference {
            bits: users.number("VoteBits").map_or(VoteBits::APPROVE, VoteBits),
            version: VoteVersion(users.number("VoteBitsVersion").unwrap_or_default()),
        },
        api_keys_valid_from: UnixTime(0),
        created: UnixTime(0),
        disabled: false,
        admin: false,
    })
}

/// The script of an address, from its column or from the keys in theirs.
fn script_at_least(users: &Fields<'_>, address: &ScriptAddress) -> Option<RedeemScript> {
    let fits = |script: &RedeemScript| script.address(address.network()) == *address;
    if let Some(script) = users.parsed("MultiSigScript").ok().filter(fits) {
        return Some(script);
    }
    let key = |column| {
        let address = users.parsed::<Address>(column).ok()?;
        Some(*PubKeyAddress::try_from(address).ok()?.public_key())
    };
    let script = RedeemScript::new(PoolKey(key("PoolPubKeyAddr")?), UserKey(key("UserPubKeyAddr")?));
    Some(script).filter(fits)
}

/// What the column EmailVerified says.
pub(super) const fn email_verified(state: EmailState) -> i64 {
    match state {
        EmailState::Unverified => 0,
        EmailState::Verified => 1,
        EmailState::Predates => 2,
    }
}

fn bcrypt(users: &Fields<'_>) -> Result<Option<String>, StoreError> {
    let hash = users.bytes("Password")?;
    // The reason must not show the bytes.
    let hash = str::from_utf8(hash).map_err(|_| users.corrupt("Password", "a bcrypt hash is text"))?;
    Ok((!hash.is_empty()).then(|| hash.to_owned()))
}

fn registration(users: &Fields<'_>, id: i64) -> Result<Option<Registration>, StoreError> {
    if users.text("MultiSigAddress")?.is_empty() {
        return Ok(None);
    }
    let address: ScriptAddress = users.parsed("MultiSigAddress")?;
    let script: RedeemScript = users.parsed("MultiSigScript")?;
    if script.address(address.network()) != address {
        return Err(users.corrupt("MultiSigScript", format_args!("it is not the script of {address}")));
    }
    let key_index = match users.optional("key_index")? {
        Some(index) => index,
        // A user of the predecessor has the own number.
        None => u32::try_from(id).map_err(|_| users.corrupt("UserId", "it cannot be a key index"))?,
    };
    Ok(Some(Registration {
        key_index: KeyIndex(key_index),
        address,
        script,
        fee_address: users.parsed("UserFeeAddr")?,
        registered_at: BlockHeight(users.number("HeightRegistered")?),
    }))
}
