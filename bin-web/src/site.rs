//! What all requests share: the pool, and what the web puts around it. Data only; everything above imports it.

use std::sync::Arc;
use std::time::Duration;

use stakepool::status::PoolStatus;
use stakepool::{Pool, PoolFigures};
use stakepool_core::accounts::{SecureRandom, User};
use stakepool_core::single_flight::SingleFlight;
use stakepool_core::time::UnixTime;

use crate::browser::cookies::CookieJar;
use crate::browser::csrf::CsrfGuard;
use crate::browser::return_to::ReturnTos;
use crate::captcha::own::Questions;
use crate::captcha::recaptcha::{CaptchaJudge, Google};
use crate::events::Events;
use crate::http::own_pages::{self, OwnPages};
use crate::http::ready_bodies::{ReadyBodies, ReadyBody};
use crate::metrics::{CallSource, Metrics};
use crate::options::WebOptions;
use crate::view::assets::Assets;
use crate::view::chart::Chart;
use crate::view::render::{RenderError, Renderer};

/// How old a status may be that many look at.
const STATUS_AGE: Duration = Duration::from_millis(500);
/// How old the pool's charts may be.
const CHARTS_AGE: Duration = Duration::from_secs(60);

/// What the web works with beside the pool.
#[derive(Clone)]
pub struct WebParts {
    /// Counts what the web does. It sees the daemons' votes where it is one of the pool's observers, too.
    pub metrics: Arc<Metrics>,
    /// Tells open pages what is new. It hears of tickets where it is one of the pool's observers, too.
    pub events: Arc<Events>,
    /// Judges answers to reCAPTCHA.
    pub judge: Arc<dyn CaptchaJudge>,
    /// The calls to voting wallets and daemons, where they are counted.
    pub calls: Option<Arc<dyn CallSource>>,
}

impl Default for WebParts {
    fn default() -> Self {
        Self { metrics: Arc::default(), events: Arc::default(), judge: Arc::new(Google::default()), calls: None }
    }
}

/// What all requests share.
pub struct Site {
    /// The pool.
    pub pool: Arc<Pool>,
    /// The settings of the web.
    pub options: WebOptions,
    /// Distinguishes our forms from forged ones.
    pub csrf: CsrfGuard,
    /// Makes pages of templates.
    pub renderer: Renderer,
    /// Style sheets and images.
    pub assets: Assets,
    /// Asks questions that stop robots.
    pub questions: Questions,
    /// Judges answers to reCAPTCHA.
    pub judge: Arc<dyn CaptchaJudge>,
    /// Remembers which page a visitor wanted who had to sign in first.
    pub return_tos: ReturnTos,
    /// Makes cookies.
    pub cookies: CookieJar,
    /// Counts what the web does.
    pub metrics: Arc<Metrics>,
    /// Tells open pages what is new.
    pub events: Arc<Events>,
    /// The calls to voting wallets and daemons.
    pub calls: Option<Arc<dyn CallSource>>,
    /// The charts of the pool.
    pub charts: SingleFlight<Arc<Vec<Chart>>>,
    /// The pages of users.
    pub own_pages: OwnPages,
    /// How the pool is.
    status: SingleFlight<Arc<PoolStatus>>,
    /// The page about it, without its frame.
    pub status_body: ReadyBody<PoolStatus>,
    /// The API's answers about users.
    pub purchase_infos: ReadyBodies<User>,
    /// The API's answer with the pool's figures.
    pub stats_body: ReadyBody<PoolFigures>,
}

impl Site {
    /// Sets the web up around a pool.
    ///
    /// # Errors
    /// [`RenderError`] where a template of the operator cannot be read.
    pub fn new(options: WebOptions, pool: Arc<Pool>, parts: WebParts) -> Result<Self, RenderError> {
        let settings = pool.settings();
        let cookies = CookieJar { secure: options.cookie_secure };
        Ok(Self {
            csrf: CsrfGuard::new(&settings.note_secret, settings.old_note_secret.as_ref()),
            renderer: Renderer::new(options.template_path.clone())?,
            assets: Assets::new(options.public_path.clone()),
            questions: Questions::new(settings.signer(Questions::PURPOSE)),
            judge: parts.judge,
            return_tos: ReturnTos::new(settings.signer(ReturnTos::PURPOSE), cookies),
            cookies,
            metrics: parts.metrics,
            events: parts.events,
            calls: parts.calls,
            charts: SingleFlight::new(CHARTS_AGE),
            own_pages: own_pages::none(),
            status: SingleFlight::new(STATUS_AGE),
            status_body: ReadyBody::default(),
            purchase_infos: ReadyBodies::default(),
            stats_body: ReadyBody::default(),
            options,
            pool,
        })
    }

    /// How the pool is, as it was judged half a second ago or later. As long as it is the same, the `Arc` is the same.
    pub async fn status(&self) -> Arc<PoolStatus> {
        self.status.get(async { Arc::new(self.pool.status().await) }).await
    }

    /// Now.
    pub fn now(&self) -> UnixTime {
        self.pool.now()
    }

    /// Randomness for secrets.
    pub fn random(&self) -> &dyn SecureRandom {
        self.pool.parts().random.as_ref()
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("pool", &self.pool).field("options", &self.options).finish_non_exhaustive()
    }
}
