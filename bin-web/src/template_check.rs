//! Whether templates make the public pages: each is made once, of samples, before a set of templates is used. A wrong name
//! in a template of the operator is found so, and not by the first visitor.

use std::sync::Arc;

use stakepool_core::accounts::{Email, EmailState, PasswordHashes, User, UserId, VotingPreference};
use stakepool_core::chain::{VoteBits, VoteVersion};
use stakepool_core::time::UnixTime;

use crate::pages;
use crate::site::Site;
use crate::view::render::{RenderError, Sample, Templates};
use crate::visit::Visit;

/// Reads assets and templates again. Where a template cannot be read, compiled or filled in, the old set stays.
///
/// # Errors
/// [`RenderError`] with the template and the line.
pub fn reload(site: &Arc<Site>) -> Result<(), RenderError> {
    site.assets.reload();
    let templates = site.renderer.read()?;
    try_out(site, &templates)?;
    site.renderer.replace(templates);
    Ok(())
}

/// Makes every public page as a stranger and as a user get it.
///
/// # Errors
/// [`RenderError::Page`] for the first that cannot be made.
pub fn try_out(site: &Arc<Site>, templates: &Templates) -> Result<(), RenderError> {
    let samples: Vec<Sample> = pages::public_samples(site);
    for visit in [Visit::anonymous(site.clone(), "/".to_owned(), "token".to_owned()), as_user(site)] {
        let frame = visit.frame();
        for sample in &samples {
            templates.try_page(sample, &frame)?;
        }
    }
    Ok(())
}

/// The visit of a user who does not exist.
fn as_user(site: &Arc<Site>) -> Visit {
    let user = User {
        id: UserId(0),
        email: Email::from_store("somebody@example.org".to_owned()),
        email_state: EmailState::Verified,
        password: PasswordHashes::default(),
        registration: None,
        voting: VotingPreference { bits: VoteBits::APPROVE, version: VoteVersion(0) },
        api_keys_valid_from: UnixTime(0),
        created: UnixTime(0),
        disabled: false,
        admin: false,
    };
    Visit::of_sample(site.clone(), Arc::new(user))
}
