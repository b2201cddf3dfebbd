//! What can be asked of the network while it runs.

use std::str::FromStr;
use std::time::Duration;

use stakepool_core::chain::{Address, ScriptAddress};
use stakepool_core::ticket::PoolFee;
use stakepool_sim::{SimError, SimNetwork};

/// How long the pool has for the votes on a block that is mined on request.
const PATIENCE: Duration = Duration::from_secs(2);

const HELP: &str = "\
key                                         a new address of a user's wallet, to be submitted to the pool
buy COUNT ADDRESS FEEADDRESS PERCENT        buys tickets, as the user's wallet would; the page of tickets has the values
mine COUNT                                  mines blocks at once, each when the pool has voted or after two seconds
reorganise COUNT                            replaces the last blocks by others
wallet N stop|start|lock|unlock|forget      what can happen to a voting wallet; forget: as one made anew from its seed
node stop|start                             what can happen to the node
height                                      the height, and how many votes of the pool are missing on the last block
quit                                        saves the network and ends";

/// A command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Key,
    Buy { count: u32, voting: ScriptAddress, fee_address: Address, fee: PoolFee },
    Mine(u32),
    Reorganise(u32),
    Wallet(usize, WalletEvent),
    Node(bool),
    Height,
    Quit,
}

/// What can happen to a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WalletEvent {
    Stop,
    Start,
    Lock,
    Unlock,
    Forget,
}

/// Why a line is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommandError {
    #[error("`{0}` is no command; `help` lists them")]
    Unknown(String),
    #[error("`{0}` cannot be used: {1}")]
    Value(String, String),
}

fn value<T: FromStr>(text: &str) -> Result<T, CommandError>
where
    T::Err: ToString,
{
    text.parse().map_err(|error: T::Err| CommandError::Value(text.to_owned(), error.to_string()))
}

impl FromStr for Command {
    type Err = CommandError;

    fn from_str(line: &str) -> Result<Self, CommandError> {
        let words: Vec<&str> = line.split_whitespace().collect();
        Ok(match words[..] {
            ["help"] => Self::Help,
            ["key"] => Self::Key,
            ["buy", count, voting, fee_address, percent] => Self::Buy {
                count: value(count)?,
                voting: value(voting)?,
                fee_address: value(fee_address)?,
                fee: PoolFee::from_percent(value(percent)?)
                    .map_err(|error| CommandError::Value(percent.to_owned(), error.to_string()))?,
            },
            ["mine", count] => Self::Mine(value(count)?),
            ["reorganise", count] => Self::Reorganise(value(count)?),
            ["wallet", number, event] => Self::Wallet(value(number)?, event_named(event, line)?),
            ["node", "stop"] => Self::Node(false),
            ["node", "start"] => Self::Node(true),
            ["height"] => Self::Height,
            ["quit"] => Self::Quit,
            _ => return Err(CommandError::Unknown(line.trim().to_owned())),
        })
    }
}

fn event_named(word: &str, line: &str) -> Result<WalletEvent, CommandError> {
    Ok(match word {
        "stop" => WalletEvent::Stop,
        "start" => WalletEvent::Start,
        "lock" => WalletEvent::Lock,
        "unlock" => WalletEvent::Unlock,
        "forget" => WalletEvent::Forget,
        _ => return Err(CommandError::Unknown(line.trim().to_owned())),
    })
}

impl Command {
    /// Does it, and answers in words.
    pub(crate) async fn run(self, network: &SimNetwork) -> Result<String, SimError> {
        Ok(match self {
            Self::Help | Self::Quit => HELP.to_owned(),
            Self::Key => network.buyer_pubkey_address()?.to_string(),
            Self::Buy { count, voting, fee_address, fee } => {
                let tickets = network.buy_tickets(voting, Some(fee_address), fee, count)?;
                format!("{} tickets are bought and mined with the next blocks", tickets.len())
            }
            Self::Mine(count) => {
                let height = network.mine_all_when_voted(count, PATIENCE).await?;
                format!("the height is {height}")
            }
            Self::Reorganise(count) => format!("the height is {}", network.reorganise(count, PATIENCE).await?),
            Self::Wallet(number, event) => wallet(network, number, event).await?,
            Self::Node(true) => network.node().start().await.map(|()| "the node runs".to_owned())?,
            Self::Node(false) => {
                network.node().stop().await;
                "the node has stopped".to_owned()
            }
            Self::Height => {
                format!("the height is {}, {} votes are missing", network.height(), network.missing_votes().len())
            }
        })
    }
}

async fn wallet(network: &SimNetwork, number: usize, event: WalletEvent) -> Result<String, SimError> {
    let wallets = network.voting_wallets();
    let Some(wallet) = number.checked_sub(1).and_then(|place| wallets.get(place)) else {
        return Ok(format!("there are the wallets 1 to {}", wallets.len()));
    };
    let what = match event {
        WalletEvent::Stop => {
            wallet.stop().await;
            "has stopped"
        }
        WalletEvent::Start => {
            wallet.start().await?;
            "runs"
        }
        WalletEvent::Lock => {
            wallet.lock();
            "is locked"
        }
        WalletEvent::Unlock => {
            wallet.unlock();
            "is unlocked"
        }
        WalletEvent::Forget => {
            wallet.stop().await;
            wallet.lose_scripts();
            wallet.start().await?;
            "has forgotten all users"
        }
    };
    Ok(format!("the wallet {number} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_wrong_ones_answered() {
        assert_eq!(" wallet 2  lock ".parse(), Ok(Command::Wallet(2, WalletEvent::Lock)));
        assert_eq!("mine 3".parse(), Ok(Command::Mine(3)));
        for (line, part) in [
            ("", "help"),
            ("walet 2 lock", "walet"),
            ("wallet two lock", "`two`"),
            ("wallet 2 explode", "explode"),
            ("buy 1 x y 7.5", "`x`"),
        ] {
            let error = line.parse::<Command>().unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
