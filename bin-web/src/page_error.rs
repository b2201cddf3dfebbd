//! What goes wrong with a page, said so that a person knows what happened, whether anything was lost, and what to do.

use serde::Serialize;
use stakepool::accounts::MustWait;
use stakepool_core::log_throttle::LogThrottle;
use stakepool_core::ports::StoreError;
use tokio::time::Instant;
use warp::http::StatusCode;

use crate::view::render::RenderError;

/// What went wrong with a page.
#[derive(Debug)]
pub enum PageError {
    /// The page is for users.
    SignInFirst,
    /// The page is for administrators with a second factor.
    SecondFactorFirst,
    /// The page is for administrators.
    AdministratorsOnly,
    /// An administrator asks for a user who is not there.
    NoSuchUser,
    /// The form does not carry the browser's token.
    StaleForm,
    /// The database failed.
    Database,
    /// Anything that has a page of its own.
    Shown(StatusCode, Explanation),
}

/// An error in words.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Explanation {
    /// The heading.
    pub title: &'static str,
    /// What happened.
    pub happened: &'static str,
    /// Whether anything was lost.
    pub lost: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl PageError {
    /// No such page.
    pub const fn not_found() -> Self {
        Self::Shown(
            StatusCode::NOT_FOUND,
            Explanation {
                title: "Page not found",
                happened: "There is no page at this address.",
                lost: "Nothing was changed.",
                remedy: "Check the address for typing errors, or go on from the front page.",
            },
        )
    }

    /// A page that cannot be asked in this way.
    pub const fn wrong_method() -> Self {
        Self::Shown(
            StatusCode::METHOD_NOT_ALLOWED,
            Explanation {
                title: "Not possible here",
                happened: "This page does not take requests of this kind.",
                lost: "Nothing was changed.",
                remedy: "Open the page in a browser and use the form that it shows.",
            },
        )
    }

    /// A request that cannot be understood.
    pub const fn bad_request() -> Self {
        Self::Shown(
            StatusCode::BAD_REQUEST,
            Explanation {
                title: "Request not understood",
                happened: "The browser sent something that cannot be understood.",
                lost: "Nothing was changed.",
                remedy: "Go back, reload the page and try again.",
            },
        )
    }

    /// A target that is longer than any of ours.
    pub const fn target_too_long() -> Self {
        Self::Shown(StatusCode::URI_TOO_LONG, TOO_LONG)
    }

    /// Headers that are larger than any browser's.
    pub const fn head_too_large() -> Self {
        Self::Shown(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, TOO_LONG)
    }

    /// A method that this server does not know.
    pub const fn unknown_method() -> Self {
        Self::Shown(
            StatusCode::NOT_IMPLEMENTED,
            Explanation {
                title: "Not possible here",
                happened: "This server does not know requests of this kind.",
                lost: "Nothing was changed.",
                remedy: "Open the page in a browser and use the form that it shows.",
            },
        )
    }

    /// A body over the limit.
    pub const fn too_large() -> Self {
        Self::Shown(
            StatusCode::PAYLOAD_TOO_LARGE,
            Explanation {
                title: "Too large",
                happened: "What was sent is larger than the 1 MiB that this server takes.",
                lost: "Nothing was changed.",
                remedy: "Send less: no form of this site needs that much.",
            },
        )
    }

    /// A large body where there are too many of them.
    pub const fn too_busy() -> Self {
        Self::Shown(
            StatusCode::SERVICE_UNAVAILABLE,
            Explanation {
                title: "Too many requests",
                happened: "The server has as many large requests at this moment as it can hold.",
                lost: "Nothing was changed.",
                remedy: "Go back and try again in a few seconds.",
            },
        )
    }

    /// A body that does not come.
    pub const fn too_slow() -> Self {
        Self::Shown(
            StatusCode::REQUEST_TIMEOUT,
            Explanation {
                title: "Too slow",
                happened: "The request did not arrive within the time that this server waits.",
                lost: "Nothing was changed.",
                remedy: "Check your connection and try again.",
            },
        )
    }

    /// Too many mails were asked for.
    pub fn too_many_mails(wait: MustWait) -> Self {
        static LINES: LogThrottle = LogThrottle::new();
        if let Some(unsaid) = LINES.pass(Instant::now().into_std()) {
            tracing::info!(wait = %wait.in_words(), unsaid, "too many mails are asked for");
        }
        Self::Shown(
            StatusCode::TOO_MANY_REQUESTS,
            Explanation {
                title: "Too many mails",
                happened: "So many mails were asked for that none was sent this time.",
                lost: "Nothing was changed, and the mails that are on their way still count.",
                remedy: "Look into your mail, also into the folder for unwanted mail, and try again in ten minutes.",
            },
        )
    }

    /// Too many wrong secrets.
    pub const fn too_many_tries() -> Self {
        Self::Shown(
            StatusCode::TOO_MANY_REQUESTS,
            Explanation {
                title: "Too many tries",
                happened: "So much that is wrong came from your address that nothing more is looked at for now.",
                lost: "Nothing was changed.",
                remedy: "Try again in ten minutes, with the whole link or token as you got it.",
            },
        )
    }

    /// A mistake of ours.
    pub const fn internal() -> Self {
        Self::Shown(
            StatusCode::INTERNAL_SERVER_ERROR,
            Explanation {
                title: "This page could not be made",
                happened: "There is a mistake in the server, which has been written to its log.",
                lost: "Nothing was lost, and your tickets are voted all the same.",
                remedy: "Try again later. If it stays, write to the pool's operator.",
            },
        )
    }

    /// Whether it is a failure of the server.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Database) || matches!(self, Self::Shown(status, _) if status.is_server_error())
    }

    /// The status and the words, for an administrator or for anybody else. `operator_is_told` where an alert about the
    /// database has gone out.
    pub const fn explained(&self, is_administrator: bool, operator_is_told: bool) -> (StatusCode, Explanation) {
        match self {
            Self::Shown(status, explanation) => (*status, *explanation),
            Self::AdministratorsOnly if is_administrator => (StatusCode::FORBIDDEN, NOT_FROM_HERE),
            Self::AdministratorsOnly | Self::SignInFirst | Self::SecondFactorFirst => {
                (StatusCode::FORBIDDEN, ADMINISTRATORS_ONLY)
            }
            Self::NoSuchUser => (StatusCode::NOT_FOUND, NO_SUCH_USER),
            Self::StaleForm => (StatusCode::FORBIDDEN, STALE_FORM),
            Self::Database if operator_is_told => (StatusCode::SERVICE_UNAVAILABLE, DATABASE_TOLD),
            Self::Database => (StatusCode::SERVICE_UNAVAILABLE, DATABASE),
        }
    }
}

const TOO_LONG: Explanation = Explanation {
    title: "Too long",
    happened: "The address, or what the browser sends with each request, is longer than this server reads.",
    lost: "Nothing was changed.",
    remedy: "Check the address. If it is right, remove the cookies of this site in the browser, and try again.",
};
const DATABASE: Explanation = Explanation {
    title: "The pool's database is not available",
    happened: "The database did not do what was asked.",
    lost: "What you were doing may not have been stored. Your tickets are voted all the same: \
           the voting daemons do not need the database.",
    remedy: "Wait a minute, look whether it was stored, and repeat it if not. If this stays, write to the pool's operator.",
};
const DATABASE_TOLD: Explanation = Explanation {
    happened: "The database did not do what was asked. The pool's operator has been told.",
    remedy: "Wait a minute, look whether it was stored, and repeat it if not.",
    ..DATABASE
};
const ADMINISTRATORS_ONLY: Explanation = Explanation {
    title: "For administrators only",
    happened: "This page is for the pool's administrators.",
    lost: "Nothing was changed.",
    remedy: "If you should administer this pool, tell its operator your user number and your address.",
};
const NOT_FROM_HERE: Explanation = Explanation {
    title: "For administrators only",
    happened: "Your account administers this pool, but not from the address that you come from.",
    lost: "Nothing was changed.",
    remedy: "Come from an address that adminips names, or name this one there and have the web application read its \
             configuration again (systemctl reload, or SIGHUP). Behind a proxy the address is known only where \
             realipheader and trustedproxies are right and the proxy sets the header; through a tunnel, connect to the proxy and not past it.",
};
const NO_SUCH_USER: Explanation = Explanation {
    title: "No such user",
    happened: "There is no user with this number.",
    lost: "Nothing was changed.",
    remedy: "Look for the user by e-mail address or ticket address on the page of users.",
};
const STALE_FORM: Explanation = Explanation {
    title: "This form is out of date",
    happened: "The form was opened before you signed in or out, in another browser, or on another site, or your \
               browser takes no cookies. To protect you it was not accepted.",
    lost: "Nothing was changed. What you typed was not stored.",
    remedy: "Open the form again and fill it in once more.",
};

impl From<RenderError> for PageError {
    fn from(error: RenderError) -> Self {
        tracing::error!(error = %chain(&error), "a page could not be made");
        Self::internal()
    }
}

/// An error with its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a page could not be served");
        Self::Database
    }
}
