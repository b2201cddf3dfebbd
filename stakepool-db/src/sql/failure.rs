//! Why a step of a transaction failed.

use std::time::Duration;

use sqlx::mysql::MySqlDatabaseError;
use stakepool_core::ports::StoreError;

/// Why a step of a transaction failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// For a reason that the caller hears.
    Store(StoreError),
    /// The engine failed.
    Sql(sqlx::Error),
    /// The engine did not answer within this time.
    Silent(Duration),
    /// No server can be used, for this reason.
    Away(String),
    /// What the transaction read does not hold any more: one of another node went before it.
    Contended,
}

impl Failure {
    /// Whether it is the error of this number of MySQL.
    pub(crate) fn is_numbered(&self, number: u16) -> bool {
        self.number() == Some(number)
    }

    fn number(&self) -> Option<u16> {
        let Self::Sql(error) = self else { return None };
        number(error)
    }

    /// Whether the server cannot serve, though it answers: it only reads, or is cut off from its cluster.
    pub(crate) fn is_of_host(&self) -> bool {
        matches!(self.number(), Some(1047 | 1180 | 1290 | 1836))
    }

    /// Whether a transaction whose end failed so may have come through all the same: there was no answer, or the node that
    /// gave it does not know what the others did.
    pub(crate) fn leaves_open(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::Contended | Self::Sql(sqlx::Error::Database(_)))
            || self.is_numbered(1180)
    }

    /// Whether there is a row with the same key.
    pub(crate) fn is_double(&self) -> bool {
        matches!(self, Self::Sql(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}

/// How long an engine was waited for, in words: what is left to a request may be less than a second.
pub(crate) fn within(limit: Duration) -> String {
    match limit.as_secs() {
        0 => "in the time that was left".to_owned(),
        seconds => format!("within {seconds} seconds"),
    }
}

/// The number of an error of MySQL.
pub(crate) fn number(error: &sqlx::Error) -> Option<u16> {
    let sqlx::Error::Database(error) = error else { return None };
    error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_to_have_been_waited_for_for_no_time() {
        assert_eq!(within(Duration::from_millis(900)), "in the time that was left");
        assert_eq!(within(Duration::from_millis(5900)), "within 5 seconds");
    }

    #[test]
    fn only_the_end_of_a_transaction_that_was_not_answered_is_open() {
        let refused = StoreError::NotFound("user");
        assert!(!Failure::Store(refused).leaves_open());
        let lost = sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert!(Failure::Sql(lost).leaves_open() && Failure::Silent(Duration::ZERO).leaves_open());
    }
}
