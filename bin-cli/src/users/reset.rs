//! `users password`: a new password for a user who cannot sign in.

use clap::Args;
use serde::Serialize;
use stakepool_core::accounts::{Email, UserId};

use super::password::{self, Source};
use crate::answer::Answer;
use crate::console::Console;
use crate::error::CliError;
use crate::pool::{ACTOR, Absent, OpenPool, PoolArguments, find_user};

/// Give a user who cannot sign in a new password.
///
/// It is asked for at the terminal, twice. All sessions of the user end; the API key and tickets stay as they are: ask
/// the user to renew the key in the settings where somebody else may have it. Make sure that it is the user who asks for
/// the password.
#[derive(Debug, Args)]
pub(crate) struct Reset {
    /// The user's number or e-mail address.
    #[arg(value_name = "ID|EMAIL")]
    user: String,
    /// Read the password from one line of standard input instead.
    #[arg(long)]
    stdin: bool,
    /// Take away the second factor and its recovery codes as well, for a user who lost the device.
    #[arg(long)]
    without_second_factor: bool,
}

/// What became of the second factor.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Factor {
    /// There is none.
    None,
    /// It was taken away.
    Removed,
    /// It is still asked for.
    Kept,
}

#[derive(Serialize)]
struct Changed {
    id: UserId,
    email: Email,
    disabled: bool,
    second_factor: Factor,
}

impl Answer for Changed {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let factor = match self.second_factor {
            Factor::None => "there is none",
            Factor::Removed => "taken away, with its recovery codes",
            Factor::Kept => "asked for as before; --without-second-factor takes it away",
        };
        let mut fields = vec![
            ("new password", format!("user {}, {}", self.id, self.email)),
            ("sessions", "all ended, and links in mails are worthless".to_owned()),
            ("API key", "works as before; where somebody else may have it, renew it in the settings".to_owned()),
            ("second factor", factor.to_owned()),
        ];
        if self.disabled {
            let disabled = "disabled: nobody can sign in until an administrator enables it on the page of the user";
            fields.push(("account", disabled.to_owned()));
        }
        fields
    }
}

impl Reset {
    pub(super) fn run(self, pool: &PoolArguments, console: Console<'_>) -> Result<(), CliError> {
        let open = OpenPool::open(pool, Absent::Refuse)?;
        let user = find_user(&open, &self.user)?;
        let source = if self.stdin { Source::Input("--stdin") } else { Source::Terminal("--stdin") };
        let new = source.read(console.input, &user.email)?;
        let rescue = open.pool.rescue(ACTOR);
        let second_factor = open.wait(async {
            let hashes = password::hasher()?.rehash(&new, &user.password).await?;
            rescue.set_password(&user, hashes).await?;
            let factor = match self.without_second_factor {
                true if rescue.remove_second_factor(&user).await? => Factor::Removed,
                true => Factor::None,
                false if open.pool.lacks_second_factor(user.id).await? => Factor::None,
                false => Factor::Kept,
            };
            Ok::<_, CliError>(factor)
        })?;
        let changed = Changed { id: user.id, email: user.email, disabled: user.disabled, second_factor };
        console.style.write_single(console.output, &changed).map_err(CliError::Output)
    }
}
