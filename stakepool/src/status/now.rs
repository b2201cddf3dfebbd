//! The status of a pool: of one that runs here, or of one that is only looked at.

use std::collections::BTreeMap;
use std::time::Duration;

use stakepool_core::accounts::User;
use stakepool_core::alert::AlertKind;
use stakepool_core::ports::StoreError;
use stakepool_core::wallets::MemberStatus;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::alert_record::{AlertsReport, NOTE, WORK};
#[cfg(feature = "vsp")]
use crate::daemons::daemons_seen;
use crate::daemons::{DaemonView, TicketDifference};
use crate::database::{DatabaseCondition, DatabaseReport};
use crate::mail::MailTroubles;
use crate::onsets::NOTE as NOTED_TROUBLES;
use crate::outlook::Outlook;
use crate::pool::Pool;
use crate::status::advice::Severity;
use crate::status::finding::{Finding, of_certificates, of_difference, of_help_email};
use crate::status::judge::{Overall, PoolStatus, Seen};
use crate::status::key_indexes::{given, of_guesses, of_key_indexes, of_pace};
use crate::status::lag::{Heights, ON_ITS_WAY};
use crate::status::mail::{of_failed_mails, of_mail_server};
use crate::status::trouble::{OpenTrouble, Trouble};
#[cfg(feature = "vsp")]
use crate::status::vsp::of_vsp;
use crate::unknown_notes::UnknownNotes;
#[cfg(feature = "vsp")]
use crate::vsp::VspReport;

/// How long a read for the status may take.
const READ_LIMIT: Duration = Duration::from_secs(5);

impl Pool {
    /// How the pool is at this moment, by what was last heard of its wallets and daemons while it [runs](Pool::run).
    pub async fn status(&self) -> PoolStatus {
        self.judge(&self.parts.stats.wallets(), &self.reconciler.views(), self.reconciler.differences()).await
    }

    /// How many troubles were open when the pool was judged last, and how many of them were critical.
    pub fn open_problems(&self) -> (usize, usize) {
        let outlook = self.outlook.watch();
        let outlook = outlook.borrow();
        (outlook.open.len(), outlook.critical)
    }

    /// How the pool was when it was judged last, and each change of that. A running pool judges itself several times a minute.
    pub fn outlook(&self) -> watch::Receiver<Outlook> {
        self.outlook.watch()
    }

    /// How the pool is at this moment, for a program that does not run it: asks all wallets and daemons once, at the
    /// same time, and judges as [`Pool::status`] does where the pool runs. Nothing is repaired, and no daemon is given
    /// anything.
    ///
    /// What shows only when the pool works is not seen: that a wallet lacks scripts or makes others than the pool,
    /// that a daemon refuses the desired state, or that the ledger lacks what daemons report. In return a daemon that lacks the desired state is out of sync here,
    /// where a running pool gives it to the daemon at once.
    pub async fn look(&self) -> PoolStatus {
        if let Err(error) = self.recall_terms().await {
            tracing::debug!(%error, "the terms in force are taken from the configuration");
        }
        if let Err(error) = self.read_notices().await {
            tracing::debug!(%error, "the notices were not read");
        }
        let ((wallets, daemons), ()) = tokio::join!(self.look_at_peers(), self.parts.database.look(self.now()));
        let differences = self.reconciler.differences_since(&daemons).await;
        #[cfg(feature = "vsp")]
        if let Some(vsp) = &self.parts.vsp {
            vsp.look(daemons_seen(self.parts.daemons.len(), &daemons, &vsp.terms().fee_key.to_string())).await;
        }
        self.judge(&wallets, &daemons, differences).await
    }

    /// Looks at all wallets and daemons, and once more where some seem to be behind: they were not asked at one moment.
    async fn look_at_peers(&self) -> (Vec<MemberStatus>, BTreeMap<String, DaemonView>) {
        let look = async || tokio::join!(self.parts.stats.look(), self.reconciler.look());
        let (wallets, daemons) = look().await;
        if !Heights::of(self.terms.network, &wallets, daemons.values()).differ() {
            return (wallets, daemons);
        }
        sleep(ON_ITS_WAY).await;
        let (mut later_wallets, mut later_daemons) = look().await;
        for (later, before) in later_wallets.iter_mut().zip(wallets) {
            later.heights = before.heights.followed_by(&later.heights);
        }
        for (name, before) in daemons {
            if let Some(later) = later_daemons.remove(&name) {
                later_daemons.insert(name, later.after(&before));
            }
        }
        (later_wallets, later_daemons)
    }

    async fn judge(
        &self,
        wallets: &[MemberStatus],
        views: &BTreeMap<String, DaemonView>,
        differences: Vec<TicketDifference>,
    ) -> PoolStatus {
        let named = |name: &str| (name.to_owned(), views.get(name).cloned());
        let daemons: Vec<_> = self.parts.daemons.iter().map(|daemon| named(daemon.name())).collect();
        self.try_read().await;
        let servers = self.parts.upkeep.server_state().await.ok().flatten();
        let database = DatabaseReport { servers, ..self.parts.database.report(self.now()) };
        let unknown = self.unknown_notes(&database).await;
        let mail = self.mail_to_judge(&database).await;
        let found = self.found(&database, &mail, differences).await;
        #[cfg(feature = "vsp")]
        let vsp = self.vsp_report(&database).await;
        #[cfg(feature = "vsp")]
        let found =
            found.into_iter().chain(vsp.iter().flat_map(|(report, max_lag)| of_vsp(report, *max_lag))).collect();
        let mut status = PoolStatus::of(&Seen {
            unknown: &unknown,
            now: self.now(),
            wallets,
            quorum: self.parts.stats.quorum(),
            daemons: &daemons,
            alerts: self.alerts(&database).await,
            found,
            database,
            ours: &self.terms,
            warnings: &self.settings.warnings,
        });
        #[cfg(feature = "vsp")]
        {
            status.vsp = vsp.map(|(report, _)| report);
        }
        status.warnings.extend(of_failed_mails(&mail));
        let webs = timeout(READ_LIMIT, self.daemons().web_versions().others()).await;
        status.warnings.extend(webs.ok().and_then(Result::ok).into_iter().flatten().map(|web| web.in_words()));
        // Where the database fails, the status says so anyway.
        status.closing = timeout(READ_LIMIT, self.closing()).await.ok().and_then(Result::ok).flatten();
        if let Some(text) = timeout(READ_LIMIT, self.stale_fee_addresses()).await.ok().flatten() {
            status.state = status.state.max(Overall::Degraded);
            let trouble = Trouble::new(AlertKind::Disagreement, "fee addresses", &text);
            status.troubles.push(OpenTrouble::new(trouble, status.at));
            status.problems.push(text);
            status.troubles.sort_by_key(|trouble| trouble.severity);
        }
        self.date(&mut status).await;
        status
    }

    /// Says since when each trouble lasts.
    async fn date(&self, status: &mut PoolStatus) {
        if self.onsets.is_new() && status.database.state != DatabaseCondition::Failing {
            let read = timeout(READ_LIMIT, self.parts.upkeep.notes(NOTED_TROUBLES)).await;
            if let Ok(Ok(notes)) = read {
                self.onsets.recall(status.at, &notes);
            }
        }
        for trouble in status.troubles.iter_mut().filter(|trouble| trouble.kind == AlertKind::DaemonAway) {
            let daemon = status.daemons.iter().find(|daemon| trouble.about == format!("daemon {}", daemon.name));
            trouble.last_good = daemon.and_then(|daemon| daemon.last_in_sync);
        }
        let keys: Vec<_> =
            status.troubles.iter().map(|trouble| format!("{} {}", trouble.kind, trouble.about)).collect();
        let onsets = self.onsets.note(status.at, &keys);
        for (trouble, onset) in status.troubles.iter_mut().zip(onsets) {
            trouble.since = onset.since;
            trouble.last_good = trouble.last_good.or(onset.last_good);
        }
        let critical = status.troubles.iter().filter(|trouble| trouble.severity == Severity::Critical).count();
        self.outlook.note(Outlook { open: keys, critical });
    }

    /// How the service for wallets of today is, where there is one, and how far its nodes may be behind; nothing where the database
    /// fails, which the status says anyway.
    #[cfg(feature = "vsp")]
    async fn vsp_report(&self, database: &DatabaseReport) -> Option<(VspReport, u32)> {
        let vsp = self.parts.vsp.as_ref().filter(|_| database.state != DatabaseCondition::Failing)?;
        let report = timeout(READ_LIMIT, vsp.report()).await.ok()?.ok()?;
        Some((report, vsp.terms().max_lag))
    }

    /// What mail could not be sent; nothing where the database fails, which the status says anyway.
    async fn mail_to_judge(&self, database: &DatabaseReport) -> MailTroubles {
        if !self.sends_mail() || database.state == DatabaseCondition::Failing {
            return MailTroubles::default();
        }
        timeout(READ_LIMIT, self.mail_troubles()).await.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// What is wrong with the pool as a whole, beside its database and alerts.
    async fn found(
        &self,
        database: &DatabaseReport,
        mail: &MailTroubles,
        differences: Vec<TicketDifference>,
    ) -> Vec<Finding> {
        let mut found = Vec::from_iter(of_certificates(&self.settings.certificates.get(), self.now()));
        found.extend(of_help_email(self.terms.network, &self.settings.site.help_email));
        found.extend(mail.away.as_ref().map(of_mail_server));
        if database.state != DatabaseCondition::Failing
            && let Ok(Ok(indexes)) = timeout(READ_LIMIT, self.parts.users.key_indexes()).await
        {
            found.extend(of_key_indexes(given(&indexes, &self.terms), &self.terms));
        }
        found.extend(differences.into_iter().map(of_difference));
        let are_used_up = timeout(READ_LIMIT, self.are_guesses_used_up()).await.unwrap_or(true);
        found.extend(of_guesses(are_used_up));
        found.extend(of_pace(self.limiter.may_register().is_err(), self.settings.tries.registrations_per_hour));
        found
    }

    /// A read of the database, whose failure counts at once.
    async fn try_read(&self) {
        let slow = || {
            let seconds = READ_LIMIT.as_secs();
            Err(StoreError::Backend(format!(
                "a read did not end within {seconds} seconds; its disk or its server is too slow or does not answer"
            )))
        };
        tokio::select! {
            read = timeout(READ_LIMIT, self.parts.users.counts()) => {
                self.parts.database.note(&read.unwrap_or_else(|_| slow()));
            }
            // Nobody waits for an answer that is not to come.
            () = self.parts.database.until_it_fails() => {}
        }
    }

    /// What is noted of addresses that are no user's; nothing where the database fails, which is a problem of its own.
    async fn unknown_notes(&self, database: &DatabaseReport) -> UnknownNotes {
        if database.state == DatabaseCondition::Failing {
            return UnknownNotes::default();
        }
        let read = UnknownNotes::read(self.parts.upkeep.as_ref());
        timeout(READ_LIMIT, read).await.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Who alerts: this instance, or the one that the database names.
    async fn alerts(&self, database: &DatabaseReport) -> AlertsReport {
        if let Some(own) = self.alert_record.own() {
            return own;
        }
        if database.state == DatabaseCondition::Failing {
            return AlertsReport::default();
        }
        let now = self.now();
        let read = async {
            let (notes, holder) = tokio::join!(self.parts.upkeep.notes(NOTE), self.parts.leases.holder(WORK, now));
            Ok::<_, StoreError>(AlertsReport { instance: holder?, ..AlertsReport::of_notes(&notes?) })
        };
        timeout(READ_LIMIT, read).await.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Whether the operator was told of a trouble of a kind that is not over, by a channel that took the message.
    pub fn operator_is_told(&self, kind: AlertKind) -> bool {
        self.alert_record.is_told(kind)
    }

    /// What is to be said of users whose wallets may pay fees to addresses that are not accepted any more: those of a cold
    /// wallet that was the pool's when they registered.
    pub(crate) async fn stale_fee_addresses(&self) -> Option<String> {
        let count = async || {
            let users = self.parts.users.registered().await?;
            let terms = self.terms.clone();
            let is_stale = move |user: &User| {
                user.registration.as_ref().is_some_and(|registration| !terms.accepts_fee_address(registration))
            };
            let counted = spawn_blocking(move || users.iter().filter(|user| is_stale(user)).count()).await;
            counted.map_err(|error| StoreError::Backend(error.to_string()))
        };
        // Where the database fails, the status says so. New users are given addresses of the present cold wallet.
        let stale = self.stale_fee_addresses.get_or_try_init(count).await.ok().filter(|stale| **stale > 0)?;
        Some(format!(
            "the fee addresses of {stale} users are of a cold wallet before, and tickets that their wallets buy with them \
             are ignored: add its key to oldcoldwalletextpubs, here and in every daemon"
        ))
    }
}
