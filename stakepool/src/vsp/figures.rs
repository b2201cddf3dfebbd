//! How many tickets there are, and what their fees have brought in.

use std::time::Duration;

use stakepool_core::ports::{FeeIncome, RegisteredFigures, StoreError};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::FeeKey;

use super::service::Vsp;

const DAY: Duration = Duration::from_secs(86_400);
const FOUR_WEEKS: Duration = Duration::from_secs(28 * 86_400);

/// What fees have brought in, up to now: those that are confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Income {
    /// In the last 24 hours.
    pub day: FeeIncome,
    /// In the last 28 days.
    pub four_weeks: FeeIncome,
    /// In all.
    pub all: FeeIncome,
}

/// The service in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// The key whose addresses take the fees, with the index that is next.
    pub fee_key: FeeKey,
    /// How the tickets stand.
    pub tickets: RegisteredFigures,
    /// What fees have brought in.
    pub income: Income,
}

impl Vsp {
    /// The service in numbers, as its database has them now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn figures(&self) -> Result<Figures, StoreError> {
        let key = self.terms.fee_key;
        let fee_key = self.parts.stores.fee_keys.fee_key(&key).await?.unwrap_or(FeeKey::new(key));
        let tickets = self.parts.stores.vsp_tickets.registered_figures().await?;
        Ok(Figures { fee_key, tickets, income: self.income().await? })
    }

    /// What fees have brought in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn income(&self) -> Result<Income, StoreError> {
        let (store, now) = (self.parts.stores.vsp_tickets.as_ref(), self.now());
        Ok(Income {
            day: store.fee_income(now.minus(DAY)).await?,
            four_weeks: store.fee_income(now.minus(FOUR_WEEKS)).await?,
            all: store.fee_income(UnixTime(i64::MIN)).await?,
        })
    }
}
