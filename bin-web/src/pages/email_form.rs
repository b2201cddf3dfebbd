//! The forms of a stranger that ask for an e-mail address, with a question against robots.

use serde::Serialize;
use stakepool::accounts::MustWait;
use warp::http::StatusCode;

use super::captcha::{self, Shown};
use crate::site::Site;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

/// Most bytes of an e-mail address (RFC 5321, erratum 1690).
const MOST: usize = 254;
/// Most bytes of a code that is shown again.
const MOST_CODE: usize = 100;

/// One of the forms, by its template.
#[derive(Clone, Copy)]
pub struct EmailForm(pub &'static str);

#[derive(Serialize)]
struct Content<'a> {
    email: &'a str,
    /// The code that was typed; `None` where none is asked for.
    invitation: Option<&'a str>,
    error: Option<String>,
    /// The field that the error is about, by its id.
    wrong: Option<&'static str>,
    mail: bool,
    captcha: Shown,
}

impl EmailForm {
    /// The page, with a new question.
    pub fn page(self, visit: &Visit, status: StatusCode, error: Option<String>) -> Outcome {
        self.page_about(visit, status, error, None)
    }

    /// As [`EmailForm::page`], with an error about a field, by its id.
    pub fn page_about(
        self,
        visit: &Visit,
        status: StatusCode,
        error: Option<String>,
        wrong: Option<&'static str>,
    ) -> Outcome {
        let mut response = visit.page(self.0, status, &content(visit, error, wrong))?;
        captcha::admit(&visit.site, &mut response);
        Ok(response)
    }

    /// The page for one who must wait.
    pub fn page_to_wait(self, visit: &Visit, wait: MustWait, error: String) -> Outcome {
        let mut response = visit.page_to_wait(self.0, wait, &content(visit, Some(error), None))?;
        captcha::admit(&visit.site, &mut response);
        Ok(response)
    }

    /// The page with and without mail and error, to try templates with.
    pub fn samples(self, site: &Site) -> Vec<Sample> {
        let page = |error: Option<String>, mail, invitation| Content {
            email: "a@example.org",
            invitation,
            wrong: error.as_ref().map(|_| "email"),
            error,
            mail,
            captcha: captcha::show(site),
        };
        let (error, code) = (|| Some("sample".to_owned()), Some("abcd-abcd"));
        [page(None, true, code), page(error(), true, None), page(None, false, None), page(error(), false, code)]
            .map(|page| Sample::new(self.0, &page))
            .into()
    }
}

/// What was typed as an e-mail address, as pages show it again: no longer than one can be.
pub fn typed(visit: &Visit) -> &str {
    visit.form.start_of("email", MOST)
}

fn content<'a>(visit: &'a Visit, error: Option<String>, wrong: Option<&'static str>) -> Content<'a> {
    let email = if error.is_some() { typed(visit) } else { "" };
    // Also from the address of the page: who is invited may have got a link.
    let invitation = visit.site.pool.asks_for_invitations().then(|| visit.form.start_of("invitation", MOST_CODE));
    let captcha = captcha::show_again(visit);
    Content { email, invitation, error, wrong, mail: visit.site.pool.sends_mail(), captcha }
}
