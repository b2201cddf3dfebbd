//! What mails say: plain ASCII, which every mail program shows as it is.

use stakepool_core::accounts::{Email, SecretToken, User};
use stakepool_core::chain::Amount;
use stakepool_core::ports::{Mail, TicketMailKind};
use stakepool_core::reports::TicketReport;
use stakepool_core::ticket::Verdict;
use stakepool_core::time::UnixTime;

use crate::notice_notes::{Notice, NoticeKind, Stage};
use crate::terms::SiteIdentity;

/// A letter with the pool's name before the subject and its address below the text.
fn letter(site: &SiteIdentity, to: &Email, subject: &str, text: &str) -> Mail {
    let help = match site.help_email.as_str() {
        "" => String::new(),
        address => format!("\nQuestions: {address}"),
    };
    Mail {
        to: to.clone(),
        subject: format!("{}: {subject}", site.name),
        text: format!("{text}\n\n-- \n{}\n{}{help}\n", site.name, site.base_url),
    }
}

fn link(site: &SiteIdentity, page: &str, token: &SecretToken) -> String {
    format!("{}?t={}", site.url(page), token.reveal())
}

/// Asks to show that an address is the user's.
pub fn verify(site: &SiteIdentity, to: &Email, token: &SecretToken) -> Mail {
    let link = link(site, &site.paths.verify_email, token);
    let text = format!(
        "An account was made with this e-mail address. To use it, open this page and press\n\
         its button, within a day:\n\n{link}\n\n\
         If you made no account, do nothing: without your answer it cannot be used."
    );
    letter(site, to, "verify your e-mail address", &text)
}

/// Tells the holder of an account that somebody wanted to make one with the same address.
pub fn known_already(site: &SiteIdentity, to: &Email) -> Mail {
    let text = format!(
        "Somebody, probably you, wanted to make an account with this e-mail address. You\n\
         have one already; nothing was changed.\n\n\
         Sign in:           {}\nPassword unknown:  {}",
        site.url(&site.paths.sign_in),
        site.url(&site.paths.ask_reset)
    );
    letter(site, to, "you have an account already", &text)
}

/// Lets a user choose a new password.
pub fn reset(site: &SiteIdentity, to: &Email, token: &SecretToken) -> Mail {
    let link = link(site, &site.paths.reset_password, token);
    let text = format!(
        "Somebody, probably you, asked for a new password of your account. Choose it on\n\
         this page, within an hour:\n\n{link}\n\n\
         If it was not you, do nothing: your password stays as it is."
    );
    letter(site, to, "choose a new password", &text)
}

/// Asks to show that a new address is the user's.
pub fn change(site: &SiteIdentity, to: &Email, token: &SecretToken) -> Mail {
    let link = link(site, &site.paths.change_email, token);
    let text = format!(
        "This is to become the new e-mail address of an account. To confirm it, open this page\n\
         and press its button, within an hour:\n\n{link}\n\n\
         If you do not know of this, do nothing: nothing will be changed."
    );
    letter(site, to, "confirm your new e-mail address", &text)
}

/// Tells the old address that another one was asked for.
pub fn change_asked(site: &SiteIdentity, to: &Email) -> Mail {
    let text = "Another e-mail address was asked for your account, by somebody who knows its\n\
                password. It is changed once the new address is confirmed.\n\n\
                If it was not you, sign in and change your password now.";
    letter(site, to, "your e-mail address is to be changed", text)
}

/// Tells the old address that it is no longer the account's.
pub fn changed(site: &SiteIdentity, to: &Email, new: &Email) -> Mail {
    let text = format!(
        "The e-mail address of your account is now\n\n  {new}\n\n\
         Mail about it no longer comes here. If it was not you, write to the pool's operator."
    );
    letter(site, to, "your e-mail address was changed", &text)
}

/// Tells of an act that matters to the safety of an account.
pub fn account_changed(site: &SiteIdentity, user: &User, what: &str) -> Mail {
    let text = format!("{what}\n\nIf it was not you, choose a new password now: {}", site.url(&site.paths.ask_reset));
    letter(site, &user.email, "a change of your account", &text)
}

/// What a vote paid.
#[derive(Clone, Copy, Debug)]
pub struct VotePaid {
    /// Beyond the price of its ticket.
    pub beyond_price: Amount,
    /// The part of that which the pool got.
    pub to_pool: Amount,
    /// Both follow from the rules of the chain.
    pub is_by_rule: bool,
}

/// Tells what became of a ticket. `reward` is what its vote paid; `reason` says why a vote was missed, after a colon.
pub fn ticket(
    site: &SiteIdentity,
    to: &Email,
    kind: TicketMailKind,
    report: &TicketReport,
    reward: Option<&VotePaid>,
    reason: &str,
) -> Mail {
    let (subject, text) = match kind {
        TicketMailKind::Ignored => ("a ticket is not voted", ignored(report)),
        TicketMailKind::Voted => (
            "a ticket has voted",
            "The pool voted with your ticket. Its price and the reward come back to your\n\
             wallet and can be spent once the vote has matured."
                .to_owned(),
        ),
        TicketMailKind::Missed => (
            "a ticket missed its vote",
            format!(
                "Your ticket was drawn, but no vote of it is in the chain. As far as the pool knows:\n\
                 {reason}.\n\n\
                 Nothing of its price is lost: the ticket is revoked, by the network itself or by a\n\
                 wallet, and then the price can be spent again, without a reward."
            ),
        ),
    };
    let ticket = report.ticket;
    let facts = facts(report, reward);
    let text = format!(
        "{text}\n\nTicket: {ticket}\n{facts}\nThis ticket: {}?hash={ticket}\nAll your tickets: {}\n\
         Which mails you get: {}",
        site.url(&site.paths.ticket),
        site.url(&site.paths.tickets),
        site.url(&site.paths.settings)
    );
    letter(site, to, subject, &text)
}

/// Tells what the operator has to say to all users. `stage` is which of a closing's mails it is.
pub fn notice(site: &SiteIdentity, to: &Email, notice: &Notice, stage: Stage) -> Mail {
    let dates = notice.dates();
    let subject = match (notice.kind, stage) {
        (NoticeKind::Closing, Stage::Announced) => format!("it closes on {dates}"),
        (NoticeKind::Closing, Stage::HalfTime) => format!("it closes on {dates}, half the time has passed"),
        (NoticeKind::Closing, Stage::End) => "it has closed".to_owned(),
        (NoticeKind::Terms, _) => format!("its terms change, {dates}"),
        (NoticeKind::Maintenance, _) => format!("maintenance, {dates}"),
        (NoticeKind::News, _) => "news".to_owned(),
    };
    let more = match notice.kind {
        NoticeKind::Closing => format!(
            "Tickets that were bought before that day are voted until the last is over.\n\
             Keep your script, with which your own wallet can vote, too: {}",
            site.url(&site.paths.tickets)
        ),
        _ => format!("Which mails you get: {}", site.url(&site.paths.settings)),
    };
    letter(site, to, &subject, &format!("{}\n\nWhen: {dates}\n\n{more}", notice.text))
}

/// What is known of a ticket, a line each.
fn facts(report: &TicketReport, reward: Option<&VotePaid>) -> String {
    let time = |time: Option<UnixTime>| time.map(|time| format!(", {}", time.readable())).unwrap_or_default();
    let mut lines = vec![format!("Mined:  block {}{}", report.facts.mined_at, time(report.times.mined))];
    lines.extend(report.ended_at.map(|height| format!("Block:  {height}{}", time(report.times.ended))));
    lines.push(format!("Price:  {} EXCC", report.facts.price));
    if let Some(reward) = reward {
        let rule = if reward.is_by_rule { ", by the rules of the chain" } else { "" };
        lines.push(format!("Reward: {} EXCC{rule}", reward.beyond_price));
        lines.push(format!("Fee:    {} EXCC of it for the pool", reward.to_pool));
    }
    lines.extend(report.spend.map(|spend| {
        let what = if reward.is_some() { "Vote:   " } else { "Spent:  " };
        format!("{what}{}", spend.transaction)
    }));
    lines.into_iter().map(|line| line + "\n").collect()
}

fn ignored(report: &TicketReport) -> String {
    let facts = &report.facts;
    let why = match facts.verdict {
        Verdict::LowFee => format!(
            "It pays the pool a fee of {} EXCC, and {} EXCC is required.",
            facts.committed_fee, facts.required_fee
        ),
        Verdict::UnknownFeeAddress => {
            format!("It pays its fee to {},\nwhich is not an address of the pool.", facts.fee_address)
        }
        Verdict::FeeLost => "Its fee was spent by another transaction.".to_owned(),
        Verdict::Accepted => "The pool's operator took it out.".to_owned(),
    };
    format!(
        "The pool does not vote with your ticket. {why}\n\n\
         Nothing is lost yet: your own wallet can vote with it while it is online and\n\
         unlocked, or write to the pool's operator, who can have it voted."
    )
}
