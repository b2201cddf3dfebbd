//! What the pool writes to its wallets: a quorum must agree.

use futures_util::future::join_all;

use super::agreement::Agreement;
use super::error::GroupError;
use super::group::WalletGroup;
use super::import::{Refusal, import};
use super::member::{Health, Member};
use super::probe::{LIMIT, unreachable};

impl WalletGroup {
    /// Whether registration can work now, without asking any wallet.
    ///
    /// # Errors
    /// [`GroupError`] says what is in the way.
    pub fn ready(&self) -> Result<(), GroupError> {
        self.no_disagreement()?;
        let agreeing = self.by_speed().len();
        if agreeing < self.quorum {
            return Err(GroupError::NoQuorum { agreeing, quorum: self.quorum, reasons: self.reasons(Vec::new()) });
        }
        Ok(())
    }

    fn no_disagreement(&self) -> Result<(), GroupError> {
        for member in &self.members {
            if let Health::Disagrees { how } = member.health() {
                return Err(GroupError::Disagreement { wallet: member.wallet.name().to_owned(), how });
            }
        }
        Ok(())
    }

    /// Whether the first user of all may be registered.
    async fn no_earlier_users(&self) -> Result<(), GroupError> {
        if self.new_pool || self.users.counts().await?.1 > 0 {
            return Ok(());
        }
        let holds_some =
            |member: &&Member| member.state().census.as_ref().is_some_and(|census| !census.unknown.is_empty());
        if let Some(member) = self.members.iter().find(holds_some) {
            return Err(GroupError::EarlierUsers { wallet: member.wallet.name().to_owned() });
        }
        let wallets = self.unseen();
        if wallets.is_empty() { Ok(()) } else { Err(GroupError::FirstUser { wallets: wallets.join(", ") }) }
    }

    /// Makes every healthy wallet check and import a user's script, all at once, and names those that did. The
    /// others get it from recovery once it is stored: see [`WalletGroup::recheck_others`].
    ///
    /// # Errors
    /// [`GroupError::NoQuorum`] where too few did, [`GroupError::Disagreement`] where one made something else.
    pub async fn agree(&self, agreement: &Agreement) -> Result<Vec<String>, GroupError> {
        self.ready()?;
        self.no_earlier_users().await?;
        let mut tries = Vec::new();
        for member in self.by_speed() {
            tries.push(async move {
                let wallet = member.wallet.as_ref();
                (member, import(wallet, self.network, &self.key, agreement, LIMIT).await)
            });
        }
        let (mut agreed, mut failures, mut differs) = (Vec::new(), Vec::new(), None);
        for (member, result) in join_all(tries).await {
            let wallet = member.wallet.name().to_owned();
            match result {
                Ok(()) => agreed.push(wallet),
                Err(Refusal::Differs(how)) => {
                    member.dispute(*agreement, how.clone());
                    differs = Some(GroupError::Disagreement { wallet, how });
                }
                Err(Refusal::Failed(error)) => {
                    failures.push(format!("{wallet}: {error}"));
                    if error.is_transient() {
                        member.set_health(unreachable(&error));
                        member.probe_soon();
                    }
                }
            }
        }
        if let Some(differs) = differs {
            return Err(differs);
        }
        if agreed.len() < self.quorum {
            let reasons = self.reasons(failures);
            return Err(GroupError::NoQuorum { agreeing: agreed.len(), quorum: self.quorum, reasons });
        }
        Ok(agreed)
    }

    /// After a registration was stored, has the scripts compared in every wallet that was not among `agreed`.
    pub fn recheck_others(&self, agreed: &[String]) {
        for member in &self.members {
            if !agreed.iter().any(|name| name == member.wallet.name()) {
                member.passed_by();
            }
        }
    }
}
